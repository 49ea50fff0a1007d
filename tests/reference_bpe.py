"""Byte-pair encoding, slowly: the twins of what the tokenizer leaves to tiktoken and to tokenizers."""

from __future__ import annotations

import itertools
from collections import Counter

import regex

from trainers.tokenizer import BYTES, LETTERS, PATTERN, Tokenizer


def encode(text: str, tokenizer: Tokenizer) -> list[int]:
    """Cut into pieces; in each, join the neighbours whose union is the token of the lowest id, until none is left."""
    rank = {token: i for i, token in enumerate(tokenizer.tokens)}
    ids: list[int] = []
    for piece in regex.findall(tokenizer.pattern, text):
        whole = piece.encode()
        if whole in rank:
            ids.append(rank[whole])
            continue
        parts = [bytes([b]) for b in whole]
        while True:
            unions = [rank.get(a + b, len(rank)) for a, b in itertools.pairwise(parts)]
            if not unions or min(unions) == len(rank):
                break
            at = unions.index(min(unions))
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        ids += [rank[part] for part in parts]
    return ids


def train(texts: list[str], size: int) -> list[bytes]:
    """The bytes, then `size` tokens, each the most frequent pair of neighbours at its time.

    Of pairs that are equally frequent, the one whose parts are older wins; bytes are as old as the letters that stand
    for them are in Unicode.
    """
    words = Counter(piece.encode() for text in texts for piece in regex.findall(PATTERN, text))
    tokens = [bytes([b]) for b in range(BYTES)]
    age = {bytes([b]): LETTERS[b] for b in range(BYTES)}
    split = {word: [bytes([b]) for b in word] for word in words}
    while len(tokens) < BYTES + size:
        pairs: Counter[tuple[bytes, bytes]] = Counter()
        for word, parts in split.items():
            for pair in itertools.pairwise(parts):
                pairs[pair] += words[word]
        pairs = Counter({pair: n for pair, n in pairs.items() if n >= 2})
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], age[pair[0]], age[pair[1]]))
        union = b"".join(best)
        if union not in age:
            age[union] = "\U00010000" + chr(len(tokens))  # younger than every byte and every token before it
            tokens.append(union)
        for word, parts in split.items():
            split[word] = _joined(parts, best)
    return tokens


def _joined(parts: list[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    out: list[bytes] = []
    i = 0
    while i < len(parts):
        if tuple(parts[i : i + 2]) == pair:
            out.append(b"".join(pair))
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out
