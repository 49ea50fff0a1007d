"""The tokenizer: byte-level byte-pair encoding, the same ids in tiktoken and in Hugging Face's tokenizers.

Ids 0..255 are the bytes, 256 and up the merges in the order they were learnt (so an id is its tiktoken rank), and the
special tokens come last. Texts are first cut into pieces by the pattern of Llama 3: llama.cpp knows it as `llama-bpe`,
so that a model trained here can be exported, which is why the pattern is not ours to improve. A piece that is a token
as a whole is that token; else neighbours whose union is a token are joined, the smallest id first.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curate.work import write_text
from trainers.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from tiktoken import Encoding

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BOS = "<|bos|>"  # before every document; also what ends one, as the next begins
TURN_START, TURN_END = "<|im_start|>", "<|im_end|>"  # around each turn of a conversation (ChatML)
PADDING = "<|pad|>"
SPECIAL = (BOS, TURN_START, TURN_END, PADDING)
BYTES = 256

# tiktoken's regular expressions run out of stack at a run of about a million white-space characters and end the
# process. Such a run is encoded in parts, each of this many characters: the one case where ids depend on who encodes.
LONGEST_WHITE_RUN = 500_000
WHITE_RUN = re.compile(rf"\s{{{LONGEST_WHITE_RUN}}}")


def _letters() -> list[str]:
    """The printable character that stands for each byte in `tokenizer.json` (GPT-2's table)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(b) if b in printable else chr(next(others)) for b in range(BYTES)]


LETTERS = _letters()
BYTE_OF = {letter: byte for byte, letter in enumerate(LETTERS)}


@dataclass(frozen=True, eq=False)
class Tokenizer:
    """`tokens[i]` is the bytes of id i; the special tokens follow, in the order of `special`.

    Raises InputError where the tokens are not a byte-level vocabulary: the 256 bytes, then distinct longer ones.
    """

    tokens: tuple[bytes, ...]
    special: tuple[str, ...] = SPECIAL
    pattern: str = PATTERN

    def __post_init__(self) -> None:
        if self.tokens[:BYTES] != tuple(bytes([b]) for b in range(BYTES)):
            raise InputError("the first 256 tokens are not the bytes 0 to 255: this is no tokenizer of llmsapp")
        if len(set(self.tokens)) != len(self.tokens):
            raise InputError("two ids of the tokenizer have the same bytes")

    @property
    def size(self) -> int:
        """How many ids there are, special tokens included."""
        return len(self.tokens) + len(self.special)

    @property
    def bos(self) -> int:
        """The id that begins every document."""
        return self.id_of(BOS)

    def id_of(self, special: str) -> int:
        """The id of a special token."""
        return len(self.tokens) + self.special.index(special)

    @cached_property
    def digest(self) -> str:
        """Names the tokenizer: equal digests mean equal ids for every text."""
        content = [self.pattern, [t.hex() for t in self.tokens], self.special]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @cached_property
    def encoding(self) -> Encoding:
        """As a `tiktoken.Encoding`, for everything that wants one."""
        import tiktoken

        ranks = {token: rank for rank, token in enumerate(self.tokens)}
        special = {name: self.id_of(name) for name in self.special}
        return tiktoken.Encoding(
            f"llmsapp-{self.digest[:12]}", pat_str=self.pattern, mergeable_ranks=ranks, special_tokens=special
        )

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without BOS. Names of special tokens within the text are text."""
        return [i for part in _parts(text) for i in self.encoding.encode_ordinary(part)]

    def encode_batch(self, texts: list[str], threads: int) -> list[list[int]]:
        """The ids of each text, as `encode` gives them."""
        if all(len(text) < LONGEST_WHITE_RUN for text in texts):
            return self.encoding.encode_ordinary_batch(texts, num_threads=threads)
        return [self.encode(text) for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are no UTF-8 become U+FFFD, special tokens their names."""
        return self.encoding.decode(list(ids), errors="replace")

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of ids; special tokens give the bytes of their names."""
        return self.encoding.decode_bytes(list(ids))

    @cached_property
    def byte_lengths(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """int64 of shape (size,): the bytes of text that each id stands for; 0 for special tokens."""
        return np.array([len(t) for t in self.tokens] + [0] * len(self.special), np.int64)

    def save(self, folder: Path, chat_template: str | None = None) -> None:
        """Write `tokenizer.json` and its configuration (Hugging Face) and `tokenizer.tiktoken` (ranks).

        With a `chat_template` (Jinja), for a model that has learnt it, the end of a turn is what ends a text.
        """
        folder.mkdir(parents=True, exist_ok=True)
        ranks = "".join(f"{base64.b64encode(t).decode()} {rank}\n" for rank, t in enumerate(self.tokens))
        write_text(folder / "tokenizer.tiktoken", ranks)
        roles = {"bos_token": BOS, "eos_token": TURN_END if chat_template else BOS, "pad_token": PADDING}
        configuration = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": False,
            **{role: name for role, name in roles.items() if name in self.special},
            **({"chat_template": chat_template} if chat_template else {}),
        }
        write_text(folder / "tokenizer_config.json", json.dumps(configuration, indent=2) + "\n")
        write_text(folder / "tokenizer.json", json.dumps(self.hugging_face(), ensure_ascii=False, indent=1) + "\n")

    def hugging_face(self) -> dict[str, Any]:
        """The content of `tokenizer.json`."""
        letters = ["".join(LETTERS[b] for b in token) for token in self.tokens]
        pieces = [
            {"type": "Split", "pattern": {"Regex": self.pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
        ]
        added = [
            {"id": self.id_of(name), "content": name, "special": True}
            | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
            for name in self.special
        ]
        model = {
            "type": "BPE",
            **dict.fromkeys(("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")),
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,  # a piece that is a token is that token, as in tiktoken
            "vocab": {token: i for i, token in enumerate(letters)},
            "merges": [[left, right] for left, right in _merges(letters)],
        }
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": pieces},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": model,
        }


def _merges(letters: list[str]) -> Iterator[tuple[str, str]]:
    """Every way to make each token of two others, tokens in order of id.

    tiktoken joins any two neighbours whose union is a token, not only the pair the token was learnt from; listing all
    the pairs lets a program that knows merges only (tokenizers, llama.cpp) do the same.
    """
    known = set(letters)
    for token in letters:
        for cut in range(1, len(token)):
            if token[:cut] in known and token[cut:] in known:
                yield token[:cut], token[cut:]


def save_new(tokenizer: Tokenizer, folder: Path) -> None:
    """Save a tokenizer where there is none yet, or the same.

    Raises ConfigurationError where there is another one: checkpoints trained with it would be of no use without it.
    """
    if (folder / "tokenizer.json").exists() and load_tokenizer(folder).digest != tokenizer.digest:
        raise ConfigurationError(f"{folder} holds another tokenizer: choose another folder with -o, or remove that one")
    tokenizer.save(folder)


def bytes_per_token(tokenizer: Tokenizer, texts: Iterable[str]) -> float:
    """How much text a token stands for, on average."""
    size = ids = 0
    for text in texts:
        size += len(text.encode())
        ids += len(tokenizer.encode(text))
    return size / max(ids, 1)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer that `save` wrote into `folder`. Raises InputError where it is missing or damaged."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise InputError(f"{folder} holds no tokenizer (no tokenizer.json): `llmsapp tokenizer train OUT -o {folder}`")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = sorted(content["model"]["vocab"].items(), key=lambda item: item[1])
        if [i for _, i in vocabulary] != list(range(len(vocabulary))):
            raise ValueError("its ids have gaps")
        tokens = tuple(bytes(BYTE_OF[c] for c in token) for token, _ in vocabulary)
        added = sorted((int(a["id"]), str(a["content"])) for a in content["added_tokens"])
        if [i for i, _ in added] != list(range(len(tokens), len(tokens) + len(added))):
            raise ValueError("its special tokens do not follow the others")
        pattern = content["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
        tokenizer = Tokenizer(tokens, tuple(name for _, name in added), str(pattern))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{path} is damaged or not a tokenizer of llmsapp ({reason}); train it again") from error
    if BOS not in tokenizer.special:
        raise InputError(f"{path} has no special token {BOS}: it is not a tokenizer of llmsapp; train one")
    return tokenizer


def train_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """Learn a vocabulary of `size` ids, special tokens included; the same texts give the same tokenizer.

    Raises ConfigurationError where `size` is too small for the bytes and the special tokens, or where the texts do
    not hold that many pairs that occur twice.
    """
    from tokenizers import Regex, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Trained

    smallest = BYTES + len(SPECIAL)
    if size <= smallest:
        raise ConfigurationError(f"a vocabulary of {size} is too small: bytes and special tokens alone are {smallest}")
    trained = Trained(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(SPECIAL),
        min_frequency=2,  # a pair seen once teaches nothing about other text
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(texts, trainer=trainer)
    tokens = [bytes([b]) for b in range(BYTES)]
    seen = set(tokens)
    for left, right in json.loads(trained.to_str())["model"]["merges"]:
        token = bytes(BYTE_OF[c] for c in left + right)
        if token not in seen:  # two pairs may have the same union; it is one token
            seen.add(token)
            tokens.append(token)
    found = len(tokens) + len(SPECIAL)
    if found < size:
        raise ConfigurationError(
            f"the text allows a vocabulary of {found:,} at most (no other pair of tokens occurs twice), not {size:,}: "
            f"give `--vocab {found}` or less, or more text"
        )
    return Tokenizer(tuple(tokens))


def _parts(text: str) -> list[str]:
    """A text as it is, or cut within runs of white space that are too long to be encoded at once."""
    if len(text) < LONGEST_WHITE_RUN:
        return [text]
    cuts = [0, *(match.end() for match in WHITE_RUN.finditer(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(cuts)]
