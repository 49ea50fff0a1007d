"""Slow twin of the phrase automaton: every phrase is looked for at every place of every text."""

from __future__ import annotations

from collections.abc import Mapping

from tests.reference import ALONE, SEPARATORS, among


def folded(text: str) -> str:
    """ASCII letters in lower case, digits as 0, tabs and line feeds as spaces; the length stays."""
    return "".join(
        "0" if c in "0123456789" else " " if c in "\t\n\r\v\f" else c.lower() if c < "\x80" else c for c in text
    )


def is_letter(character: str) -> bool:
    if character < "\x80":
        return character.isalnum()
    return not among(ALONE, character) and not among(SEPARATORS, character)


def found(text: str, phrases: Mapping[str, int]) -> list[str]:
    """The phrases that count in a text, exceptions among them, by their place."""
    text = folded(text)
    matches = []
    for written, group in phrases.items():
        bare = folded(written.removeprefix("*").removesuffix("*"))
        for start in range(len(text)):
            end = start + len(bare)
            if text[start:end] != bare:
                continue
            before, after = text[start - 1 : start] if start else "", text[end : end + 1]
            if before and is_letter(bare[0]) and is_letter(before) and not written.startswith("*"):
                continue
            if after and is_letter(bare[-1]) and is_letter(after) and not written.endswith("*"):
                continue
            matches.append((-len(bare.encode()), group >= 0, start, end, written))
    taken: list[tuple[int, int, str]] = []
    for *_, start, end, written in sorted(matches):
        if all(end <= begun or start >= ended for begun, ended, _ in taken):
            taken.append((start, end, written))
    return [written for _, _, written in sorted(taken)]


def counts(text: str, phrases: Mapping[str, int], groups: int) -> list[list[int]]:
    """How often phrases of each group count, and how many different ones."""
    all_found = [phrases[written] for written in found(text, phrases)]
    different = [phrases[written] for written in set(found(text, phrases))]
    return [[numbers.count(group) for group in range(groups)] for numbers in (all_found, different)]
