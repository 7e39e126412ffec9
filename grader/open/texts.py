"""Answers as words and clauses, in Chinese, English and both at once."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import jieba

from grader.open.lexicon import NEGATIONS, STOP_EN, STOP_ZH

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_IS_CJK = re.compile(f"[{_CJK}]")
_RUN = re.compile(rf"[{_CJK}]+|[a-z0-9][a-z0-9+#.%-]*[a-z0-9+#%]|[a-z0-9]|[α-ωθ]", re.IGNORECASE)
_LETTER = re.compile(rf"[{_CJK}]|[A-Za-z]+")
# A full stop ends a sentence only before a space: 0.5 and scikit-learn.org are whole.
_SENTENCE = re.compile(r"[^。！？!?；;\n.]+(?:\.(?!\s|$)[^。！？!?；;\n.]*)*[。！？!?；;.]*")
_CLAUSE_END = re.compile(r"[，,：:]")
_MIN_CLAUSE = {"en": 18, "zh": 7}
"""Letters below which a clause is joined to the next one: it says nothing by itself."""
_SUFFIXES = (
    "ational",
    "ations",
    "ation",
    "ments",
    "ment",
    "ings",
    "ing",
    "edly",
    "ies",
    "ed",
    "es",
    "ly",
    "s",
)
_STEM_LEAST = 3
_LONGEST_RUN = 500
"""Chinese characters without a break that are taken apart at once, in time that grows with their square."""
_ZH_SHARE = 0.25
_ENOUGH_WORDS, _EN_SHARE = 12, 0.1


@dataclass(frozen=True, slots=True)
class Span:
    """`text` is the answer from `start` to `end`, in characters of the answer as it was given."""

    start: int
    end: int
    text: str


def language_of(text: str) -> str:
    """ "zh" where a quarter of the words or more are Chinese, else "en": mixed answers are Chinese ones."""
    pieces = _LETTER.findall(text)
    chinese = sum(bool(_IS_CJK.match(piece)) for piece in pieces)
    # A Chinese word has about two characters.
    return "zh" if chinese / 2 > _ZH_SHARE * (len(pieces) - chinese / 2) else "en"


def looks_english(text: str) -> bool:
    """Whether a text without Chinese is English: of a longer one a tenth of the words are its small words."""
    found = re.findall(r"[^\W\d_]+", folded(text))
    return len(found) < _ENOUGH_WORDS or sum(word in STOP_EN for word in found) >= _EN_SHARE * len(found)


def folded(text: str) -> str:
    """NFKC in small letters, without invisible characters, each run of white space one space."""
    text = "".join(
        char
        for char in unicodedata.normalize("NFKC", text)
        if unicodedata.category(char) not in ("Cf", "Cc") or char in "\n\t"
    )
    return " ".join(text.lower().split())


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """The words in order, English ones by their stem; numbers count as words, punctuation does not."""
    found: list[str] = []
    for run in _RUN.findall(folded(text)):
        if _IS_CJK.match(run):
            for start in range(0, len(run), _LONGEST_RUN):
                found += _segmenter().lcut(run[start : start + _LONGEST_RUN])
        else:
            found += (stem(part) for part in re.split(r"[.\-]", run) if part) if "-" in run else [stem(run)]
    return tuple(found)


@lru_cache(maxsize=20_000)
def content_words(text: str) -> tuple[str, ...]:
    """The words that carry meaning."""
    return tuple(word for word in words(text) if word not in _stop_words())


def rarity(word: str) -> float:
    """-log of how common a word is: of Chinese text by jieba's counts; a Latin word by its length, for
    there are no counts of English here."""
    if _IS_CJK.match(word):
        segmenter = _segmenter()
        return math.log(segmenter.total / max(segmenter.FREQ.get(word, 0), 1))
    return 4.0 + min(len(word), 10)


def negations(text: str) -> int:
    """How many words deny something."""
    raw = re.findall(r"[a-z]+n't|[a-z]+", folded(text).replace("’", "'"))
    chinese = (word for word in words(text) if _IS_CJK.match(word))
    return sum(word in NEGATIONS for word in raw) + sum(
        word in NEGATIONS or word[0] in "不没无未非" for word in chinese
    )


def stem(word: str) -> str:
    """An English word without its ending, roughly; enough to meet its other forms."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _STEM_LEAST and not word.endswith("ss"):
            return word[: -len(suffix)].rstrip("ie") if suffix == "ies" else word[: -len(suffix)]
    return word


def sentences(text: str) -> list[Span]:
    """Sentences and lines of a list, without the white space around them."""
    return [span for match in _SENTENCE.finditer(text) if (span := _trimmed(text, *match.span()))]


def clauses(text: str) -> list[Span]:
    """Parts of sentences between commas; those too short to say anything are joined to the next one."""
    found: list[Span] = []
    for sentence in sentences(text):
        start = sentence.start
        ends = [match.end() + sentence.start for match in _CLAUSE_END.finditer(sentence.text)]
        for end in [*ends, sentence.end]:
            span = _trimmed(text, start, end)
            start = span.start if span else end
            if span is not None and (end == sentence.end or _says_something(span.text)):
                found.append(span)
                start = end
    return found


def _says_something(text: str) -> bool:
    return len(text) >= _MIN_CLAUSE["zh" if _IS_CJK.search(text) else "en"]


def _trimmed(text: str, start: int, end: int) -> Span | None:
    while start < end and not _is_word(text[start]):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end, text[start:end]) if end > start else None


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "([（“\"'$"


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(map(stem, STOP_EN)) | STOP_EN | STOP_ZH


@cache
def _segmenter() -> jieba.Tokenizer:
    segmenter = jieba.Tokenizer()
    # jieba would keep its table in the folder for temporary files, where others may write.
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter
