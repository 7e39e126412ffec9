"""Choice problems: right when exactly the correct options are chosen."""

from __future__ import annotations

import json

from grader.judge.model import Answer, CaseResult, Judgement
from grader.verdict import Verdict
from questionbank.packages.model import ChoiceSpec, Package

CHOICE_CASE = "choice"


class MalformedChoice(ValueError):
    """The answer is no list of this question's options."""


def chosen_options(spec: ChoiceSpec, source: str) -> frozenset[str]:
    """The ids in the answer; `MalformedChoice` where it is no JSON list of them or has too many."""
    try:
        chosen = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise MalformedChoice("A choice is a JSON list of option ids.") from error
    known = {option.id for option in spec.options}
    if not isinstance(chosen, list) or not all(isinstance(item, str) for item in chosen):
        raise MalformedChoice("A choice is a JSON list of option ids.")
    if not chosen or len(set(chosen)) != len(chosen) or not set(chosen) <= known:
        raise MalformedChoice(f"Choose among {', '.join(sorted(known))}, each at most once.")
    if len(chosen) > 1 and not spec.multiple:
        raise MalformedChoice("This question has one answer.")
    return frozenset(chosen)


def judge_choice(package: Package, answer: Answer) -> Judgement:
    """AC or WA, all or nothing; raises `MalformedChoice`."""
    assert package.choice is not None, f"{package.slug} is no choice problem"
    chosen = chosen_options(package.choice, answer.source)
    right = chosen == {option.id for option in package.choice.options if option.correct}
    verdict = Verdict.AC if right else Verdict.WA
    case = CaseResult(CHOICE_CASE, "secret", verdict)
    return Judgement(verdict=verdict, score=100.0 if right else 0.0, cases=(case,))
