"""The trained model in the repository is that of the shipped rubrics and graded answers."""

from __future__ import annotations

import json
from dataclasses import replace

from grader.open.grading import TRAINED
from grader.open.training import fingerprint
from tests.grader.open.bank import questions


def test_the_model_was_trained_on_the_rubrics_and_graded_answers_as_they_are() -> None:
    recorded = json.loads((TRAINED / "calibration.json").read_text("utf-8"))
    assert recorded["trained_on"] == fingerprint(list(questions().values())), (
        "a rubric, a statement or a graded answer has changed since: run `manage.py train_open`, and commit "
        f"what it writes to {TRAINED}"
    )
    assert recorded["fold_of"].keys() == questions().keys()


def test_any_change_of_what_training_takes_shows() -> None:
    bank = list(questions().values())
    first = bank[0]
    answer = replace(first.graded[0], text=first.graded[0].text + ".")
    point = replace(first.points[0], weight=first.points[0].weight / 2)
    for changed in (
        replace(first, graded=(answer, *first.graded[1:])),
        replace(first, points=(point, *first.points[1:])),
        replace(first, model_answer={**first.model_answer, "zh": "无"}),
        replace(first, prompt={**first.prompt, "en": "Why?"}),
    ):
        assert fingerprint([changed, *bank[1:]]) != fingerprint(bank)
    assert fingerprint(bank[1:]) != fingerprint(bank)
    assert fingerprint(bank[::-1]) == fingerprint([replace(item, others=("x",)) for item in bank])
