"""Normalisation: golden cases, the fixed point, the explanation, and the fast way round ftfy against ftfy itself."""

from __future__ import annotations

import itertools
import json
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.normalization import STAGES, Normalize, _suspicious, explain, mojibake, normalize, normalize_text

CASES = json.loads((Path(__file__).parent / "normalize_cases.json").read_text(encoding="utf-8"))
DATA = Path(__file__).parents[2] / "shared" / "data"

# Characters between which things happen: mojibake, entities, joiners, marks, controls, every kind of space.
MIXED = st.text(
    st.one_of(
        st.sampled_from(
            "aZ .;&#x38<\n\t\r\x0b\x85\x92\x1b[]m;\xa0\xadÂÃâ€œ©éÉß¶½°“”‘’—…中文，。！　"
            "\u200b\u200c\u200d\u2028\ufeff\ufffd"
            "ا\u0301\u0323क्👨👩\ufe0f\U0001f3fb\U000e0067Ğİ\u1100\u1161\ud83d\ude00√´вЂ"
        ),
        st.characters(codec=None),
    ),
    max_size=60,
)
OPTIONS = st.builds(
    Normalize,
    ftfy=st.booleans(),
    unicode_form=st.sampled_from(["NFC", "NFKC", None]),
    controls=st.booleans(),
    invisible=st.booleans(),
    spaces=st.booleans(),
    blank_lines=st.booleans(),
    lower=st.booleans(),
    emoji=st.sampled_from(["keep", "remove"]),
)


@pytest.mark.parametrize("case", CASES, ids=[f"{c['label']} ({c['lang']})" for c in CASES])
def test_golden(case: dict[str, object]) -> None:
    options = normalize(**case.get("options", {}))  # type: ignore[arg-type]
    assert normalize_text(str(case["original"]), options) == case["fixed"]


@settings(max_examples=400, deadline=None)
@given(MIXED, OPTIONS)
def test_normalised_text_is_a_fixed_point(text: str, options: Normalize) -> None:
    once = normalize_text(text, options)
    assert normalize_text(once, options) == once


@settings(max_examples=300, deadline=None)
@given(MIXED, OPTIONS)
def test_the_explanation_repeats_the_work(text: str, options: Normalize) -> None:
    replayed = text
    for change in explain(text, options):
        before, replayed = replayed, STAGES[change.stage](replayed)
        assert (change.before, change.after) == (len(before), len(replayed))
        assert before[: change.at] == replayed[: change.at]
        assert before[change.at : change.at + 1] != replayed[change.at : change.at + 1]
        assert before[change.at :].startswith(change.was)
        assert replayed[change.at :].startswith(change.now)
    assert replayed == normalize_text(text, options)


@settings(max_examples=300, deadline=None)
@given(MIXED)
def test_what_normalised_text_is_free_of(text: str) -> None:
    clean = normalize_text(text)
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in clean if c not in "\t\n")
    assert not any(unicodedata.category(c) == "Zs" for c in clean if c != " ")
    assert "\n\n\n" not in clean
    assert " \n" not in clean
    assert clean == clean.rstrip(" \t\n").lstrip("\n")


def mended_slowly(text: str) -> str:
    """The slow twin of `mojibake`: every line through ftfy's own loop over the whole text."""
    import ftfy

    off = ("unescape_html", "remove_terminal_escapes", "fix_latin_ligatures", "fix_character_width", "uncurl_quotes")
    off += ("fix_line_breaks", "fix_surrogates", "remove_control_chars")
    return ftfy.fix_text(text, ftfy.TextFixerConfig(normalization=None, **dict.fromkeys(off, False)))


@settings(max_examples=500, deadline=None)
@given(MIXED)
def test_fast_way_round_ftfy_on_any_text(text: str) -> None:
    assert mojibake(text) == mended_slowly(text)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "mac_roman", "cp1251", "cp1253", "cp1257"])
def test_fast_way_round_ftfy_on_damaged_text(codec: str, times: int) -> None:
    changed = 0
    for case in CASES:
        text = str(case["fixed"]).encode("utf-8", "replace").decode("utf-8")
        for _ in range(times):
            text = text.encode("utf-8").decode(codec, "replace")
        assert mojibake(text) == mended_slowly(text)
        changed += mojibake(text) != text
    assert changed or codec in ("cp1251", "cp1253", "cp1257")


def test_no_line_that_ftfy_calls_bad_is_passed_by() -> None:
    """Every pair, and every triple of representatives, of the characters that ftfy's heuristic knows."""
    from ftfy.badness import BADNESS_RE, MOJIBAKE_CATEGORIES

    members = "".join(
        "".join(chr(c) for c in range(ord(chars[i - 1]), ord(chars[i + 1]) + 1)) if char == "-" and i > 0 else char
        for chars in MOJIBAKE_CATEGORIES.values()
        for i, char in enumerate(chars)
    )
    known = sorted({*members, *"ŒœāΒΓΞΟВГРСвЂўЂ aZ.-?\n中“"})
    suspicious, bad = _suspicious().search, BADNESS_RE.search
    few = sorted({chars[0] for chars in MOJIBAKE_CATEGORIES.values()} | set("éÀŒŠāΒвЂГўÃÂØÎà√‚Äβ€×“»°½ба\xa0—a ?-\n中"))
    texts = itertools.chain(
        (a + b for a in known for b in known),
        (a + b + c for a, b, c in itertools.product(few, repeat=3)),
        ("ГўВЂВ®x", "ГўВЂВ® ", "xв‚¬", "‚Äò"),
    )
    missed = [text for text in texts if bad(text) and not suspicious(text)]
    assert missed == []


def test_fast_way_round_ftfy_on_real_pages() -> None:
    """Extracted text of annotated pages; some of it is damaged."""
    path = DATA / "html" / "wcxb_dev.parquet"
    if not path.exists():
        pytest.skip(f"needs {path.name} from the shared data beside the repository")
    import pyarrow.parquet as pq

    texts = pq.read_table(path, columns=["text"])["text"].to_pylist()[:700:7]
    assert all(mojibake(t) == mended_slowly(t) for t in texts if t)


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301" * 200_000,
        "a" + "\u0301\u0323" * 100_000,
        "a" + "\U0001d165\u0301" * 100_000,
        "&" + "amp;" * 200_000,
        "&am" * 50_000 + "\u200bp;" * 50_000,
        "x" + " " * 400_000 + "y" + " " * 400_000,
        "\x1b]" * 200_000,
        "\u3000" * 400_000 + "好",
        "\U0001f3f4" + "\U000e0061" * 400_000,
        "Ã " * 100_000,
    ],
    ids=lambda text: ascii(text[:6]),
)
def test_hostile_text_comes_to_rest(text: str) -> None:
    """Quadratic time anywhere would take minutes here."""
    once = normalize_text(text)
    assert normalize_text(once) == once


def test_step_rewrites_text_and_nothing_else() -> None:
    batch = pa.record_batch({"id": ["a", "b", "c"], "text": pa.array(["x  y", None, "你\u200b好"]), "n": [1, 2, 3]})
    step = normalize()
    out = step(batch.slice(1))
    assert out.to_pydict() == {"id": ["b", "c"], "text": [None, "你好"], "n": [2, 3]}
    assert step(batch.slice(0, 0)).schema == batch.schema
    assert step(batch)["text"].to_pylist() == ["x y", None, "你好"]


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="unicode_form"):
        normalize(unicode_form="NFD")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="emoji"):
        normalize(emoji=False)  # type: ignore[arg-type]
    assert normalize().stages[0] == "surrogates"
    assert "lower" not in normalize().stages
    assert normalize(ftfy=False).depends != normalize().depends
