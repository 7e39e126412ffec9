"""Sentences of an answer that speak to whoever grades it.

The answer is judged with and without them: a difference sends it to a person, and they never cost a point.
"""

from __future__ import annotations

import re
import unicodedata

_SENTENCE = re.compile(r"[^.!?。！？\n]*[.!?。！？\n]*")
_ADDRESSED = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override)\b.{0,40}
        \b(?:above|previous|prior|earlier|instruction|rubric|rule|prompt)
    | \b(?:grader|grading|examiner|evaluator|judge|rubric|system\s+prompt)\b
    | \b(?:full|max(?:imum)?|perfect|highest|top)\s+(?:marks?|credit|scores?|points?|grades?)\b
    | \b(?:give|award|assign|output|return|respond|reply|answer)\b.{0,40}
        \b(?:score|marks?|points?|grade|verdict|json|met)\b
    | \byou\s+(?:are|must|should|will)\b.{0,40}\b(?:assistant|model|ai|accept|approve|mark)\b
    | (?:^|\s)(?:system|assistant|user|developer)\s*:
    | <\s*+(?:/\s*+)?(?:system|assistant|user|answer|instruction)
    | "?(?:verdict|point_id|quotes)"?\s*:
    | (?:忽略|无视|忘记|不要理会|覆盖).{0,20}(?:以上|之前|上述|前面|指令|要求|规则|评分|标准)
    | 满分|最高分|评分(?:员|者|器|标准)|阅卷|打分|判为|给(?:我|出|予).{0,6}分|系统提示
    | 你(?:是|必须|应当).{0,12}(?:助手|模型|评)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def without_suspicious(text: str) -> str | None:
    """`text` without the sentences that speak to the grader; None where there are none."""
    sentences = [match.group() for match in _SENTENCE.finditer(text) if match.group()]
    kept = [sentence for sentence in sentences if not _ADDRESSED.search(_plain(sentence))]
    return None if len(kept) == len(sentences) else "".join(kept)


def _plain(sentence: str) -> str:
    """As a reader sees it: full-width letters as plain ones, nothing invisible."""
    folded = unicodedata.normalize("NFKC", sentence)
    return "".join(char for char in folded if unicodedata.category(char) != "Cf")
