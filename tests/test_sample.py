"""The sample crawl: reproducible, as its truth says, and with prose that reads and measures like prose."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from itertools import combinations

import pyarrow as pa
import pytest

from curate import sample
from curate.awkward import TEXTS
from curate.sample import generate, pages
from curate.sample.records import member

TEXTS_OF = generate.texts()
TRUTH = generate.truth()
COPIES = generate.copies()
BY_URL = pages.once(pages.pages())


def of_kind(kind: str) -> list[str]:
    """The urls whose kind, without what follows the colon, is `kind`."""
    return [url for url, name in TRUTH.items() if name.split(":")[0] == kind]


def shingles(text: str) -> set[tuple[str, ...]]:
    """5-word shingles, a Han or kana character being a word."""
    words = re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]|[^\W\u3040-\u30ff\u4e00-\u9fff]+", text.lower())
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


def jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)


def inflated(stored: bytes) -> tuple[list[bytes], int]:
    """The members of a gzip file that inflate, and how many runs of bytes had to be skipped between them."""
    members, at, gaps = [], 0, 0
    while 0 <= at < len(stored):
        machine = zlib.decompressobj(31)
        try:
            data = machine.decompress(stored[at:])
            assert machine.eof
            members.append(data)
            at = len(stored) - len(machine.unused_data)
        except zlib.error:
            gaps += 1
            at += 1
            while (at := stored.find(b"\x1f\x8b\x08", at)) >= 0:
                try:
                    if zlib.decompressobj(31).decompress(stored[at : at + 300], 10).startswith(b"WARC/1."):
                        break
                except zlib.error:
                    pass
                at += 1
    return members, gaps


def test_the_shipped_file_is_what_the_generator_writes() -> None:
    stored = sample.sample_crawl().read_bytes()
    assert len(stored) <= 500_000
    members, gaps = inflated(stored)
    assert gaps == 1
    assert members == [one.data for one in generate.records() if not one.damaged]


def test_generating_twice_gives_the_same(tmp_path) -> None:
    generate.write(tmp_path / "one.warc.gz")
    generate._pages.cache_clear()
    pages.written.cache_clear()
    generate.write(tmp_path / "two.warc.gz")
    assert (tmp_path / "one.warc.gz").read_bytes() == (tmp_path / "two.warc.gz").read_bytes()


def test_a_missing_crawl_says_what_to_do(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(sample, "files", lambda _: tmp_path)
    with pytest.raises(FileNotFoundError, match=r"python -m curate\.sample\.generate"):
        sample.sample_crawl()


def test_the_damaged_record_is_near_the_middle_and_does_not_inflate() -> None:
    records = generate.records()
    (place,) = [number for number, one in enumerate(records) if one.damaged]
    assert 0.3 < place / len(records) < 0.7
    with pytest.raises(zlib.error):
        zlib.decompress(member(records[place]), 31)


def test_every_kind_is_there_in_both_languages() -> None:
    kinds = Counter(kind.split(":")[0] for kind in TRUTH.values())
    for name in ("article", "duplicate", "near-duplicate", "variant", "advert", "spam", "insult", "private data",
                 "questions", "recipe", "listing", "short", "empty", "bullets", "ellipses", "hashes",
                 "leftovers"):  # fmt: skip
        assert kinds[f"{name} en"] >= 1
        assert abs(kinds[f"{name} en"] - kinds[f"{name} zh"]) <= 2
    for name in ("foreign de", "foreign fr", "foreign es", "foreign ja", "foreign ru", "gibberish", "undecodable",
                 "damaged", "redirect", "http 404", "http 503", "robots", "image", "json", "revisit"):  # fmt: skip
        assert kinds[name] >= 1
    assert sum(kinds.values()) >= 290


def test_urls_are_unique_and_lead_nowhere() -> None:
    assert all(re.match(r"https://[a-z0-9.-]+\.example/", url) for url in BY_URL)
    everything = b"".join(one.data for one in generate.records() if b"Content-Encoding" not in one.data)
    hosts = set(re.findall(rb"https?://([a-z0-9.-]+)", everything))
    assert {host for host in hosts if not host.endswith(b".example")} <= {b"schema.org", b"netpreserve.org"}
    assert set(re.findall(rb"\+1 555-(\d\d)", everything)) <= {b"01"}


def test_copies_stand_after_what_they_repeat() -> None:
    order = {one.url: place for place, one in enumerate(pages.pages())}
    assert len(COPIES) == 48
    assert all(order[copy] > order[original] for copy, original in COPIES.items())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_articles_are_long_enough(lang: str) -> None:
    for url in of_kind(f"article {lang}"):
        text = TEXTS_OF[url]
        assert len(text.split()) >= 120 if lang == "en" else len(text) >= 250, url
        assert text.count("\n") >= 2, url


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_different_articles_are_no_near_duplicates(lang: str) -> None:
    found = [shingles(TEXTS_OF[url]) for url in of_kind(f"article {lang}")]
    assert max(jaccard(one, other) for one, other in combinations(found, 2)) < 0.4


def test_duplicates_are_equal_and_versions_as_near_as_they_should_be() -> None:
    near = []
    for url, original in COPIES.items():
        text, first = TEXTS_OF[url], TEXTS_OF[original]
        if TRUTH[url].startswith("duplicate"):
            assert text == first
            continue
        assert text != first
        likeness = jaccard(shingles(text), shingles(first))
        if TRUTH[url].startswith("near-duplicate"):
            near.append(likeness)
        else:
            assert 0.45 <= likeness <= 0.72, (url, likeness)
    assert min(near) > 0.75
    assert sum(likeness > 0.8 for likeness in near) >= 0.8 * len(near)


def test_no_slot_was_left_open() -> None:
    for url, text in TEXTS_OF.items():
        assert "{" not in text, url
        assert "  " not in text, url


def test_encodings_are_what_the_kind_says() -> None:
    for url, kind in TRUTH.items():
        detail = kind.partition(": ")[2]
        codec = detail.split(",")[0].split(" ")[0]
        if codec in {"gbk", "gb2312", "gb18030", "big5", "utf-16", "windows-1252", "utf-8"}:
            paragraph = TEXTS_OF[url].split("\n")[0]
            assert paragraph in BY_URL[url].body.decode(codec), url
            if codec != "utf-8":
                with pytest.raises(UnicodeDecodeError):
                    BY_URL[url].body.decode("utf-8")


def test_mojibake_can_be_undone() -> None:
    ftfy = pytest.importorskip("ftfy")
    for url, kind in TRUTH.items():
        if kind.endswith(": mojibake"):
            last = TEXTS_OF[url].split("\n")[-1]
            body = BY_URL[url].body.decode()
            assert last not in body, url
            assert last in ftfy.fix_text(body, uncurl_quotes=False, fix_character_width=False), url


def test_trafilatura_finds_the_articles_and_leaves_the_menus() -> None:
    trafilatura = pytest.importorskip("trafilatura")
    for lang, menus in (("en", ("Skip to content", "Most popular", "You may also like", "We use cookies")),
                        ("zh", ("跳到正文", "热门文章", "猜你喜欢", "本网站使用"))):  # fmt: skip
        plain = [url for url in of_kind(f"article {lang}") if TRUTH[url] == f"article {lang}"]
        layouts = {BY_URL[url].body.decode().split('<body class="')[1].split('"')[0]: url for url in plain}
        assert len(layouts) == 5
        for url in [*layouts.values(), *plain[::9]]:
            text = trafilatura.extract(BY_URL[url].body.decode(), favor_precision=False) or ""
            missing = [paragraph for paragraph in TEXTS_OF[url].split("\n") if paragraph not in text]
            assert not missing, url
            assert not [menu for menu in menus if menu in text], url


def test_duplicates_are_extracted_alike() -> None:
    trafilatura = pytest.importorskip("trafilatura")
    for url in (*of_kind("duplicate en")[:3], *of_kind("duplicate zh")[:3]):
        one, other = (trafilatura.extract(BY_URL[at].body.decode()) for at in (url, COPIES[url]))
        assert one == other, url


def test_awkward_texts_fit_into_arrow_and_are_all_different() -> None:
    assert pa.array(TEXTS, pa.string()).to_pylist() == list(TEXTS)
    assert len(set(TEXTS)) == len(TEXTS)
    assert max(map(len, TEXTS)) >= 100_000
