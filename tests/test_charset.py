"""Charset: short pages in the encodings of English, Chinese and neighbours; right, wrong and no declarations."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.read.charset import (
    Decoded,
    UndecodableBytes,
    canonical_charset,
    declared_charset,
    decode_page,
)

DATA = Path(__file__).parents[2] / "shared" / "data"

SIMPLIFIED = "清晨的码头上，渔民们正忙着把一筐筐新鲜的鱼虾搬上岸来。远处的灯塔还亮着，海面上飘着一层薄薄的雾。"
TRADITIONAL = "清晨的碼頭上，漁民們正忙著把一筐筐新鮮的魚蝦搬上岸來。遠處的燈塔還亮著，海面上飄著一層薄薄的霧。"
JAPANESE = "朝の港では、漁師たちが新鮮な魚を次々と岸に運び上げている。遠くの灯台はまだ光っていて、薄い霧が出ていた。"
KOREAN = "이른 아침 부두에서 어부들이 갓 잡은 생선을 상자째 뭍으로 나르고 있다. 멀리 등대는 아직 불을 밝히고 있다."
RUSSIAN = "Рано утром на причале рыбаки выносят на берег ящики со свежей рыбой. Вдали ещё горит маяк."
FRENCH = "Tôt le matin, les pêcheurs déchargent des caisses de poisson frais ; là-bas, le phare éclaire encore la côte."
ENGLISH = "The café’s owner said “come in” – it costs £5, and the naïve tourists paid happily at the harbour’s edge."

# text, Python codec, the label a page would declare, the name we give
WRITTEN = [
    (SIMPLIFIED, "gbk", "gb2312", "gb18030"),
    (SIMPLIFIED, "gb18030", "GB18030", "gb18030"),
    (TRADITIONAL, "big5", "Big5", "big5"),
    (TRADITIONAL, "gbk", "gbk", "gb18030"),
    (JAPANESE, "cp932", "Shift_JIS", "shift_jis"),
    (JAPANESE, "euc_jp", "EUC-JP", "euc-jp"),
    (KOREAN, "cp949", "ks_c_5601-1987", "euc-kr"),
    (RUSSIAN, "cp1251", "windows-1251", "windows-1251"),
    (RUSSIAN, "koi8_r", "koi8-r", "koi8-r"),
    (FRENCH, "cp1252", "ISO-8859-1", "windows-1252"),
    (ENGLISH, "cp1252", "iso-8859-1", "windows-1252"),
]
IDS = [f"{codec}-{i}" for i, (_, codec, _, _) in enumerate(WRITTEN)]


def page(text: str, meta: str | None = None) -> str:
    declared = f'<meta http-equiv="Content-Type" content="text/html; charset={meta}">' if meta else ""
    return f"<!DOCTYPE html>\n<html><head>{declared}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(("text", "codec", "label", "name"), WRITTEN, ids=IDS)
def test_right_declaration(text: str, codec: str, label: str, name: str) -> None:
    raw = page(text).encode(codec)
    assert decode_page(raw, label, markup=True) == Decoded(page(text), name, "http")
    said = page(text, label)
    assert decode_page(said.encode(codec), None, markup=True) == Decoded(said, name, "meta")
    assert decode_page(said.encode(codec), None, markup=False).evidence == "detector"


@pytest.mark.parametrize("part", [slice(0, 20), slice(10, 34), slice(0, None)], ids=["20", "24", "all"])
@pytest.mark.parametrize(("text", "codec", "label", "name"), WRITTEN[:-2], ids=IDS[:-2])
def test_no_declaration(text: str, codec: str, label: str, name: str, part: slice) -> None:
    """The text is what counts: on 20 characters KOI8-R and KOI8-U are the same."""
    for written in (text[part], page(text[part])):
        found = decode_page(written.encode(codec), None, markup=True)
        assert (found.text, found.evidence) == (written, "detector")


@pytest.mark.parametrize("wrong", ["iso-8859-1", "utf-8", "gb2312", "big5", "euc-kr", "shift_jis", "windows-1251"])
@pytest.mark.parametrize(("text", "codec", "label", "name"), WRITTEN, ids=IDS)
def test_wrong_declaration(text: str, codec: str, label: str, name: str, wrong: str) -> None:
    """A declaration that the bytes contradict is overruled, by the other one or by the bytes alone."""
    raw = page(text).encode(codec)
    assert decode_page(raw, wrong, markup=True).text == page(text)
    assert decode_page(page(text, wrong).encode(codec), None, markup=True).text == page(text, wrong)
    both = page(text, label)
    assert decode_page(both.encode(codec), wrong, markup=True).text == both


@pytest.mark.parametrize("wrong", [None, "iso-8859-1", "gbk", "big5", "euc-kr", "us-ascii", "no such thing"])
@pytest.mark.parametrize("text", [*(written[0] for written in WRITTEN), "© 2004 Foo", "é"])
def test_utf8_outranks_what_is_declared(text: str, wrong: str | None) -> None:
    said = page(text, wrong)
    assert decode_page(said.encode(), wrong, markup=True) == Decoded(said, "utf-8", "utf-8")


def test_gbk_that_is_valid_utf8_by_chance() -> None:
    raw = "目录".encode("gbk")
    assert raw.decode("utf-8") == "Ŀ¼"
    assert decode_page(raw, "gbk", markup=True) == Decoded("目录", "gb18030", "http")
    for truly in ("é", "Привет", "שלום", "© Größe", "«oui»"):
        assert decode_page(truly.encode(), "gbk", markup=True).text == truly


@pytest.mark.parametrize(
    ("codec", "mark", "name"),
    [
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16-le", b"\xff\xfe", "utf-16le"),
        ("utf-16-be", b"\xfe\xff", "utf-16be"),
        ("utf-32-le", b"\xff\xfe\0\0", "utf-32le"),
        ("utf-32-be", b"\0\0\xfe\xff", "utf-32be"),
    ],
)
@pytest.mark.parametrize("text", [SIMPLIFIED, ENGLISH, "short"])
def test_mark_outranks_every_declaration(codec: str, mark: bytes, name: str, text: str) -> None:
    assert decode_page(mark + page(text).encode(codec), "gbk", markup=True) == Decoded(page(text), name, "bom")
    if codec != "utf-8":
        assert decode_page(page(text).encode(codec), None, markup=True)[:2] == (page(text), name)


def test_utf16_without_ascii_needs_the_header() -> None:
    text = SIMPLIFIED[:5] * 30
    assert decode_page(text.encode("utf-16-be"), "utf-16be", markup=False) == Decoded(text, "utf-16be", "http")


@pytest.mark.parametrize(
    ("codec", "text", "name"),
    [("iso2022_jp", JAPANESE, "iso-2022-jp"), ("iso2022_kr", KOREAN, "iso-2022-kr"), ("hz", SIMPLIFIED, "hz-gb-2312")],
)
def test_seven_bit_encodings(codec: str, text: str, name: str) -> None:
    assert decode_page(page(text).encode(codec), None, markup=True)[:2] == (page(text), name)
    assert decode_page(page(text).encode(codec), name, markup=True).evidence == "http"


@pytest.mark.parametrize("text", ["call +123- or +456-", "if (~{x}) s = '~}'", "a\0b", "", "\x1b[0m", "1+1=2 C++-like"])
def test_ascii_stays_ascii(text: str) -> None:
    assert decode_page(text.encode(), None, markup=True)[:2] == (text, "utf-8")


@pytest.mark.parametrize("text", [SIMPLIFIED, RUSSIAN, FRENCH])
def test_utf8_with_a_few_broken_bytes(text: str) -> None:
    raw = page(text).encode()
    beyond = [i for i, b in enumerate(raw) if b >= 0x80]
    cut = raw[: beyond[-1]]
    assert decode_page(cut, None, markup=True) == Decoded(cut.decode("utf-8", "replace"), "utf-8", "utf-8")
    one = raw[: beyond[0]] + b"\xff" + raw[beyond[0] :]
    found = decode_page(one, "utf-8", markup=True)
    assert (found.text.replace("\ufffd", ""), found.evidence) == (page(text), "http")


def test_legacy_page_with_a_few_broken_bytes() -> None:
    raw = page(SIMPLIFIED).encode("gbk")
    at = raw.index("远".encode("gbk"))
    found = decode_page(raw[:at] + b"\xff" + raw[at:], "gb2312", markup=True)
    assert (found.charset, found.text.replace("\ufffd", "")) == ("gb18030", page(SIMPLIFIED))


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"<meta charset=gbk>", "gb18030"),
        (b"<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset = Big5'>", "big5"),
        (b"<?xml version='1.0' encoding='shift_jis'?>", "shift_jis"),
        (b'<?xml version="1.0" encoding="what"?><meta charset="koi8-r">', "koi8-r"),
        (b"<!-- <meta charset=big5> --><meta charset='euc-kr'>", "euc-kr"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<meta charset=none>", None),
        (b"<meta name=x><p>charset=gbk", None),
        (b" " * 4096 + b"<meta charset=gbk>", None),
        (b"<meta " * 10_000, None),
    ],
)
def test_declaration_in_the_page(head: bytes, name: str | None) -> None:
    assert declared_charset(head) == name


def test_labels_mean_what_browsers_mean() -> None:
    meant = {"GB2312": "gb18030", "x-sjis": "shift_jis", "latin1": "windows-1252", "ISO-8859-9": "windows-1254"}
    meant |= {"'utf8';": "utf-8", "KS_C_5601-1987": "euc-kr", "tis-620": "windows-874", "big5-hkscs": "big5"}
    assert {label: canonical_charset(label) for label in meant} == meant
    assert canonical_charset("us-ascii") is canonical_charset("") is canonical_charset(None) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        b"\x1f\x8b\x08\x00" + bytes(i * 37 % 256 for i in range(4000)),
        b"PK\x03\x04" + bytes(i * 91 % 251 for i in range(4000)),
    ],
    ids=["png", "gzip", "zip"],
)
def test_what_is_no_text_is_said_so(raw: bytes) -> None:
    with pytest.raises(UndecodableBytes, match="no text in any known encoding"):
        decode_page(raw, "utf-8", markup=True)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([None, "gbk", "utf-8", "big5", "utf-16", "utf-7", "hz", "x"]),
    st.booleans(),
)
def test_any_bytes_give_text_or_the_one_error(raw: bytes, label: str | None, markup: bool) -> None:
    try:
        found = decode_page(raw, label, markup=markup)
    except UndecodableBytes:
        return
    found.text.encode("utf-8")
    assert found.evidence in ("bom", "http", "meta", "utf-8", "detector", "empty")
    assert (found.evidence == "empty") == (not raw)
    assert found == decode_page(raw, label, markup=markup)


@pytest.mark.parametrize("unit", [b"<", b"<meta ", b"+", b"+a", b"<!--", b"\xe9 <", b'\xe9"', b"<?xml ", b"\xb2\xe2<"])
def test_reading_is_linear_whatever_is_unclosed(unit: bytes) -> None:
    """Quadratic time would take minutes here."""
    assert decode_page(unit * 300_000, None, markup=True).text


def test_real_pages_and_feeds() -> None:
    """Bytes with known encodings, as they are, without their declarations, and under a wrong header."""
    path = DATA / "text" / "charset_dev.parquet"
    if not path.exists():
        pytest.skip(f"needs {path.name} from the shared data beside the repository")
    import re

    import pyarrow.parquet as pq

    wrong = []
    for row in pq.read_table(path).slice(0, 209).to_pylist()[::2]:
        plain = re.sub(rb"(encoding|charset)\s*=\s*[\"']?[\w-]+[\"']?", b"", row["bytes"])
        for raw, http in ((row["bytes"], None), (plain, None), (plain, "iso-8859-1")):
            found = decode_page(raw, http, markup=True)
            if not same_letters(found.text, raw.decode(row["encoding"], "replace")):
                wrong.append((row["path"], found.charset))
    assert wrong == []


def same_letters(ours: str, theirs: str) -> bool:
    """Equal but for punctuation, where vendors' tables of one encoding differ, C1 controls and marks of order."""
    ours, theirs = ours.removeprefix("\ufeff"), theirs.removeprefix("\ufeff")
    return len(ours) == len(theirs) and all(
        a == b or "\ufffd" in (a, b) or not (a.isalnum() and b.isalnum()) for a, b in zip(ours, theirs, strict=True)
    )
