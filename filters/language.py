"""Which language a text is in: `lang`, and how sure that is: `lang_score`. Both come from one prediction.

The model that ships looks at the script first. Greek is Greek, Hangul Korean; Han with kana is Japanese, without
Chinese, in either form of its characters; a fastText model of n-grams of letters decides among the languages that
share a script. Any other fastText model can take its place: `language("lid.176.ftz") == "en"`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.signals import Signal, signal
from filters.fasttext_models import file_digest, load

SHIPPED_MODEL = "langid.ftz"
SHIPPED_SHA256 = "02531c028d9e6d9ec4b2c0d262ba36b22b1f6a698b285a53d7a4ab4de497e2e0"
UNDETERMINED = "und"  # ISO 639-2: no letters, or no language that the model knows
FLOOR = 0.1  # below this the best of some fifty guesses means nothing

# Scripts in which a language stands alone; of the others the model decides.
ALONE = {
    "Greek": "el", "Hebrew": "he", "Armenian": "hy", "Georgian": "ka", "Hangul": "ko", "Thai": "th", "Bengali": "bn",
    "Gurmukhi": "pa", "Gujarati": "gu", "Tamil": "ta", "Telugu": "te", "Sinhala": "si", "Odia": "or", "Kannada": "kn",
    "Malayalam": "ml", "Lao": "lo", "Tibetan": "bo", "Burmese": "my", "Khmer": "km", "Thaana": "dv",
}  # fmt: skip
SHARED = {
    "Cyrillic": ("be", "bg", "kk", "mk", "mn", "ru", "sr", "uk"),
    "Arabic": ("ar", "fa", "ur"),
    "Devanagari": ("hi", "mr"),
    "Ethiopic": ("am", "ti"),
    "Han": ("zh", "ja"),
}  # Latin: every other label of the model, "und" among them
# Letters that one character of a script is worth, where scripts are mixed. The same answers in English and Chinese have
# 3.2 letters per Han character (20,000 parallel pairs); of kana and Hangul a word has two to three.
WORTH = {"Han": 3.2, "Kana": 2.0, "Hangul": 2.0}
KANA_OF_JAPANESE = 0.1  # Japanese prose is half kana; Chinese quoting a brand stays below this
HAN_WITHOUT_DOUBT = 12  # characters without kana that no longer can be a Japanese title
JAPANESE_BY_HAN = 0.9  # how sure the model must be of a short text without kana: most such are Chinese

LANGUAGE_TYPE = pa.struct([pa.field("lang", pa.string()), pa.field("score", pa.float64())])

# GlotLID and NLLB write ISO 639-3 and script; these are the 40 languages with most text, in ISO 639-1.
SHORT_CODES = {
    "eng": "en", "cmn": "zh", "zho": "zh", "spa": "es", "arb": "ar", "ara": "ar", "hin": "hi", "ben": "bn", "por": "pt",
    "rus": "ru", "jpn": "ja", "deu": "de", "fra": "fr", "ita": "it", "kor": "ko", "vie": "vi", "tur": "tr", "pol": "pl",
    "nld": "nl", "ukr": "uk", "ron": "ro", "ell": "el", "ces": "cs", "hun": "hu", "swe": "sv", "dan": "da", "fin": "fi",
    "nob": "nb", "slk": "sk", "bul": "bg", "hrv": "hr", "srp": "sr", "heb": "he", "ind": "id", "tha": "th", "fas": "fa",
    "pes": "fa", "cat": "ca", "lit": "lt", "lvs": "lv", "slv": "sl", "est": "et", "ekk": "et", "urd": "ur", "tam": "ta",
}  # fmt: skip


def code_of(label: str) -> str:
    """`eng_Latn` as `en` for the 40 largest languages; every other label as it is."""
    return SHORT_CODES.get(label.partition("_")[0], label) if "_" in label else label


@dataclass(frozen=True)
class Identify:
    """Text to struct(lang, score): scripts first, then the shipped model's probabilities within the script."""

    path: str
    sha256: str

    def __call__(self, text: pa.StringArray) -> pa.StructArray:
        from filters.letters import letters_of
        from filters.ngram_model import read_ngram_model

        letters, scripts = letters_of(text, lower_case=True)
        model = read_ngram_model(self.path, self.sha256)
        languages, scores = decide(scripts, model.probabilities(letters), model.labels)
        lang = pa.array(languages, pa.string())
        score = pa.array(scores, pa.float64(), mask=scripts.sum(axis=1) == 0)
        return pa.StructArray.from_arrays([lang, score], fields=list(LANGUAGE_TYPE), mask=text.is_null())


def decide(
    scripts: npt.NDArray[np.int32], given: npt.NDArray[np.float32], labels: tuple[str, ...]
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Language and score of each text from its letters by script, int32 (n, scripts), and the model, (n, labels).

    The script with most letters is the text's. The score is the language's probability among those of the script,
    times the share of the text's letters in that script; 0 where there are no letters.
    """
    from filters.letters import SCRIPT_NAMES

    index = {name: i for i, name in enumerate(SCRIPT_NAMES)}
    weighted = scripts.astype(np.float64)
    for name, letters in WORTH.items():
        weighted[:, index[name]] *= letters
    kana = scripts[:, index["Kana"]]
    ideographs = scripts[:, index["Han"]] + kana
    weighted[:, index["Han"]] += weighted[:, index["Kana"]]
    weighted[:, index["Kana"]] = 0
    total = weighted.sum(axis=1)
    dominant = weighted.argmax(axis=1)
    share = weighted.max(axis=1) / np.maximum(total, 1)

    languages = np.full(len(scripts), UNDETERMINED, dtype=object)
    scores = np.zeros(len(scripts))
    for name, language in ALONE.items():
        here = (dominant == index[name]) & (total > 0)
        languages[here], scores[here] = language, share[here]
    named = {language for group in SHARED.values() for language in group} | set(ALONE.values())
    groups = {**SHARED, "Latin": tuple(label for label in labels if label not in named)}
    for name, members in groups.items():
        here = (dominant == index[name]) & (total > 0)
        if not here.any():
            continue
        columns = [i for i, label in enumerate(labels) if label in members]
        among = given[here][:, columns].astype(np.float64)
        among = among / np.maximum(among.sum(axis=1, keepdims=True), 1e-12)
        best = among.argmax(axis=1)
        score = among[np.arange(len(best)), best]
        chosen = np.array([labels[c] for c in columns], dtype=object)[best]
        languages[here] = np.where(score < FLOOR, UNDETERMINED, chosen)
        scores[here] = score * share[here]
    chinese_or_japanese = (dominant == index["Han"]) & (total > 0)
    japanese = chinese_or_japanese & (kana >= KANA_OF_JAPANESE * ideographs)
    chinese = chinese_or_japanese & (kana == 0) & (ideographs >= HAN_WITHOUT_DOUBT)
    doubtful = chinese_or_japanese & ~japanese & (kana == 0) & (languages == "ja") & (scores < JAPANESE_BY_HAN * share)
    languages[doubtful], scores[doubtful] = "zh", share[doubtful] - scores[doubtful]
    languages[japanese], scores[japanese] = "ja", share[japanese]
    languages[chinese], scores[chinese] = "zh", share[chinese]
    return list(languages), scores


@dataclass(frozen=True)
class IdentifyBy:
    """Text to struct(lang, score) by any fastText model: its likeliest label and that label's probability."""

    path: str
    sha256: str

    def __call__(self, text: pa.StringArray) -> pa.StructArray:
        from filters.letters import letters_of

        letters, scripts = letters_of(text, lower_case=False)
        best = load(self.path, self.sha256).best(letters.to_pylist(), 1)
        has_letters = scripts.sum(axis=1) > 0
        known = [bool(some and names) for some, (names, _) in zip(has_letters, best, strict=True)]
        lang = [code_of(names[0]) if k else UNDETERMINED for k, (names, _) in zip(known, best, strict=True)]
        score = [float(scores[0]) if k else None for k, (_, scores) in zip(known, best, strict=True)]
        return pa.StructArray.from_arrays(
            [pa.array(lang, pa.string()), pa.array(score, pa.float64())],
            fields=list(LANGUAGE_TYPE),
            mask=text.is_null(),
        )


@functools.cache
def shipped_model() -> str:
    """Where the model that ships lies."""
    return str(resources.files("filters") / "data" / SHIPPED_MODEL)


def _identify_shipped(text: pa.StringArray) -> pa.StructArray:
    return Identify(shipped_model(), SHIPPED_SHA256)(text)


language_guess = Signal(
    "language_guess",
    ("text",),
    LANGUAGE_TYPE,
    _identify_shipped,
    about="Language and score of a text by the model that ships.",
    version="2",  # raise when `decide` or `letters_of` change
    module=__name__,
    piece=True,
    options=(SHIPPED_SHA256,),
)


@signal.batch(language_guess)
def lang(guess: pa.StructArray) -> pa.StringArray:
    """Language code, ISO 639-1 (en, zh, nb); "und" without letters or where none of the languages known is likely."""
    return pc.struct_field(guess, "lang")


@signal.batch(language_guess)
def lang_score(guess: pa.StructArray) -> pa.DoubleArray:
    """How sure `lang` is, 0 to 1: its probability among the languages of its script, times the share of the letters
    in that script; null without letters."""
    return pc.struct_field(guess, "score")


def language(model: str | None = None) -> Signal:
    """The language of a text: by the model that ships, or by the fastText file `model` (lid.176, GlotLID …).

    A label is kept as the file writes it, but for the ISO 639-3 codes with script of the 40 largest languages
    (`eng_Latn` is `en`). "und" without letters, null for a null text. The file's sha256 is the signal's identity.
    The column is `lang`, or `lang_` and the file's stem. Raises FileNotFoundError, ValueError.
    """
    return lang if model is None else _by_file(model, "lang", pa.string())


def language_score(model: str | None = None) -> Signal:
    """How sure `language(model)` is, 0 to 1; null without letters. The column is `lang_score`, or that, `_` and the
    file's stem."""
    return lang_score if model is None else _by_file(model, "lang_score", pa.float64())


@dataclass(frozen=True)
class Part:
    """One field of a guess."""

    name: str

    def __call__(self, guess: pa.StructArray) -> pa.Array:
        return pc.struct_field(guess, self.name)


def _by_file(path: str, name: str, dtype: pa.DataType) -> Signal:
    sha256 = file_digest(path)
    stem = "".join(c if c.isalnum() else "_" for c in Path(path).stem)
    about: dict[str, Any] = {"source": "fastText (arXiv 1612.03651)", "version": "1", "options": (sha256,)}
    guess = Signal(f"language_guess_{stem}", ("text",), LANGUAGE_TYPE, IdentifyBy(path, sha256), piece=True, **about)
    return Signal(f"{name}_{stem}", (guess,), dtype, Part(name.removeprefix("lang_")), **about)
