"""Reasons to let a person look at an answer. They never lower a score."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from grader.open.features import Comparer, grams
from grader.open.model import Flag, OpenQuestion
from grader.open.points import PointReading, Prepared
from grader.open.texts import content_words, folded, words

MAX_CHARACTERS = 12_000
_GRAM = {"en": 18, "zh": 8}
"""So many letters in a row that two people hardly write the same by chance."""
_PURE, _PARTLY_COPIED = 0.9, 0.6
_OFF_TOPIC = 0.22
_DENIED = 0.0
_NEGATED_NEAR, _NEGATED_WORDS = 0.82, 0.75
_MANY_TERMS, _WORDS_PER_TERM = 5, 3.5
_SHORT_CLAUSES, _SHORT = 8, 2.6
_REPEATED, _LONG_ENOUGH = 0.45, 40
_JOINERS = frozenset("\u200c\u200d\ufe0f")
"""Parts of emoji and of some scripts."""

_INJECTION = re.compile(
    r"(ignore|disregard|forget) (all |any |everything )?(of )?(the |your |these )?"
    r"(previous|above|prior|earlier|preceding|instructions|rubric|criteria)"
    r"|(give|award|assign|deserves?|earns?)\b.{0,30}"
    r"(full|maximum|top|highest|perfect) (marks?|scores?|points?|grades?)"
    r"|(mark|grade|score|rate|award|give|assign) (this|the|my|it|me|all)\b.{0,40}"
    r"(correct|met|100|10/10|5/5|pass|all points|every point)"
    r"|you are (now )?(an?|the) (grader|examiner|assistant|ai)\b"
    r"|(note|message|instructions?) (to|for) (the )?(grader|examiner|marker|reviewer|model)"
    r"|<\s*+(?:/\s*+)?(system|assistant|instructions?|answer|rubric)\b|\[/?inst\]|<\|"
    r"|忽略(以上|上面|之前|前面|所有|一切)|无视(以上|上面|之前|评分)"
    r"|(给|打|判|评)(我|此|这|该|本)?.{0,6}(满分|最高分|100\s*分)"
    r"|你(现在)?是.{0,6}(评分|阅卷|考官)|致?(评分|阅卷)(者|员|老师|模型)[：:，,]"
    r"|(请|务必).{0,8}(判为|评为|标记为|视为).{0,6}(正确|满足|通过|满分)"
)


def is_empty(text: str) -> bool:
    """Whether nothing is said."""
    return not words(text)


def copied_share(text: str, source: str, language: str) -> float:
    """The share of the answer's runs of letters that stand in `source` as well."""
    size = _GRAM[language]
    told = grams(text, size)
    if not told:
        whole, part = "".join(grams(source, 1)), "".join(grams(text, 1))
        return float(bool(part) and part in whole)
    found = set(grams(source, size))
    return sum(gram in found for gram in told) / len(told)


def is_copy_of_question(text: str, question: OpenQuestion) -> bool:
    """Whether the answer is nothing but the question, in whole or in part."""
    return any(copied_share(text, prompt, name) >= _PURE for name, prompt in question.prompt.items())


def flags_of(
    prepared: Prepared, text: str, reading: PointReading, language: str, comparer: Comparer
) -> tuple[Flag, ...]:
    """Every reason to look at an answer that is neither empty nor a pure copy of the question."""
    question = prepared.question
    found = {
        Flag.COPY_OF_QUESTION: any(
            copied_share(text, prompt, name) >= _PARTLY_COPIED for name, prompt in question.prompt.items()
        ),
        Flag.COPY_OF_OTHER_ANSWER: any(
            copied_share(text, other, language) >= _PARTLY_COPIED for other in question.others
        ),
        Flag.KEYWORD_STUFFING: _is_stuffed(prepared, text, comparer),
        Flag.OFF_TOPIC: _is_off_topic(prepared, text, comparer),
        Flag.CONTRADICTION: max(reading.denied) > _DENIED,
        Flag.NEGATION: _is_negated(prepared, text, comparer),
        Flag.TOO_LONG: len(text) > MAX_CHARACTERS,
        Flag.INVISIBLE_CHARACTERS: has_invisible(text),
        Flag.INJECTION: bool(_INJECTION.search(folded(text))),
    }
    return tuple(flag for flag, is_set in found.items() if is_set)


def has_invisible(text: str) -> bool:
    """Characters that are not seen, or words of letters of two alphabets that look alike."""
    hidden = any(
        (unicodedata.category(char) in ("Cf", "Co", "Cn") and char not in _JOINERS)
        or (unicodedata.category(char) == "Cc" and char not in "\n\r\t")
        or char in "\u115f\u1160\u3164\uffa0\u034f"
        for char in text.removeprefix("\ufeff")
    )
    return hidden or bool(re.search(r"[a-zA-Z][а-яёА-ЯЁ]|[а-яёА-ЯЁ][a-zA-Z]|[a-zA-Z][Α-Ωα-ω][a-zA-Z]", text))


def _is_stuffed(prepared: Prepared, text: str, comparer: Comparer) -> bool:
    """Terms without sentences, or the same words again and again."""
    told = words(text)
    flat = folded(text)
    terms = sum(flat.count(anchor) for wanted in prepared.wanted for anchor in set(wanted.anchors))
    dense = terms >= _MANY_TERMS and len(told) < _WORDS_PER_TERM * terms
    parts = [part for part in re.split(r"[,，、;；/|\n]+", text) if part.strip()]
    listed = len(parts) >= _SHORT_CLAUSES and float(np.mean([len(words(part)) for part in parts])) < _SHORT
    repeated = len(told) >= _LONG_ENOUGH and len(set(told)) < _REPEATED * len(told)
    return dense or listed or repeated


def _is_off_topic(prepared: Prepared, text: str, comparer: Comparer) -> bool:
    """Nothing in the answer is near to any point or to the question."""
    told = comparer.read(text)
    wanted = [reading.vector for point in prepared.wanted for reading in point.wordings]
    asked = [comparer.read(prompt).vector for prompt in prepared.question.prompt.values()]
    nearest = float((np.array([*wanted, *asked]) @ told.vector).max())
    own = {word for point in prepared.wanted for group in point.words for word in group} | prepared.known
    shared = len(own.intersection(told.words)) / (len(set(told.words)) or 1)
    return nearest < _OFF_TOPIC or (nearest < 2 * _OFF_TOPIC and shared < 0.1)


def _is_negated(prepared: Prepared, text: str, comparer: Comparer) -> bool:
    """A clause says nearly what a wording says, but one of the two denies it."""
    told = comparer.read(text)
    for clause, vector in zip(told.clauses, told.clause_vectors, strict=True):
        for wanted in prepared.wanted:
            for reading in wanted.wordings:
                for part, other in zip(reading.clauses, reading.clause_vectors, strict=True):
                    if float(vector @ other) > _NEGATED_NEAR and _turned(clause, part):
                        return True
    return False


def _turned(clause: str, wording: str) -> bool:
    a, b = set(content_words(clause)), set(content_words(wording))
    same = len(a & b) / (max(len(a), len(b)) or 1) >= _NEGATED_WORDS
    return same and (_denies(clause) % 2) != (_denies(wording) % 2)


def _denies(text: str) -> int:
    from_words: Sequence[str] = re.findall(
        r"\b(?:not|never|no|cannot|hardly)\b|n't\b|[不没无未非]", folded(text)
    )
    return len(from_words)
