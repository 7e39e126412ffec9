"""An author tries a rubric on an answer, outside the record: in Redis, for an hour."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from grader import events
from grader.answers import check_text
from grader.errors import AnswerRefused, RunUnknown
from grader.grading import LanguageOf, question_for
from grader.marking import score_of
from grader.open.model import GradedAnswer, OpenQuestion
from grader.queue import enqueue_preview
from questionbank.models import ProblemVersion, User
from questionbank.packages.documents import load_yaml
from questionbank.packages.errors import Findings, PackageError
from questionbank.packages.files import Files
from questionbank.packages.model import OpenSpec
from questionbank.packages.schemas import RUBRIC
from questionbank.packages.sections import open_spec

KEPT_S = 3600
_ID = re.compile(r"[0-9a-f]{32}")


def start_preview(*, user: User, version: ProblemVersion | None, rubric: str, answer: str) -> str:
    """Queues the grading of `answer` by the text of a `rubric.yaml`; the preview's id.

    `version` gives the question and its graded answers; None tries the rubric alone. Raises `AnswerRefused`.
    """
    check_text(rubric, field="rubric")
    check_text(answer, field="answer")
    if not answer.strip():
        raise AnswerRefused(_("The answer is empty."), field="answer")
    try:
        spec_of(rubric)
    except PackageError as error:
        raise AnswerRefused(str(error), field="rubric") from error
    preview_id = uuid.uuid4().hex
    request = {
        "user": user.pk,
        "version": version.pk if version else None,
        "rubric": rubric,
        "answer": answer,
    }
    _keep(preview_id, {"request": request, "result": None})
    enqueue_preview(preview_id)
    return preview_id


def spec_of(rubric: str) -> OpenSpec:
    """The rubric in a text; raises `PackageError` with every fault and its line."""
    findings = Findings()
    files = Files({"rubric.yaml": rubric.encode()})
    document = load_yaml(files, "rubric.yaml", RUBRIC, findings)
    findings.raise_if_any()
    spec = open_spec(document, {}, findings)
    findings.raise_if_any()
    return spec


def preview_question(request: Mapping[str, Any], language_of: LanguageOf) -> OpenQuestion:
    """The question that a preview is graded by: the rubric as it is now, with those graded answers that speak
    of all its points."""
    spec = spec_of(request["rubric"])
    if request["version"] is None:
        return OpenQuestion("preview", {"en": "", "zh": ""}, spec.points, spec.model_answer)
    version = ProblemVersion.objects.select_related("problem").get(pk=request["version"])
    question = question_for(version, language_of)
    graded = tuple(
        GradedAnswer(one.language, one.text, one.points, round(score_of(spec.points, one.points), 4))
        for one in question.graded
        if all(point.id in one.points for point in spec.points)
    )
    return replace(question, points=spec.points, model_answer=spec.model_answer, graded=graded)


def preview_request(preview_id: str) -> dict[str, Any]:
    """What was asked for; `RunUnknown` once it has expired."""
    request: dict[str, Any] = _preview(preview_id)["request"]
    return request


def finish_preview(preview_id: str, grade: dict[str, Any] | None) -> None:
    """Stores the grade's fields, None where grading failed; `RunUnknown` once the preview has expired."""
    _keep(preview_id, _preview(preview_id) | {"result": {"grade": grade}})


def preview_result(preview_id: str, *, user: User) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Request and result of the user's own preview, None while it is under way; else `RunUnknown`."""
    preview = _preview(preview_id)
    if preview["request"]["user"] != user.pk:
        raise RunUnknown(_("There is no such run."))
    return preview["request"], preview["result"]


def _preview(preview_id: str) -> dict[str, Any]:
    stored = events.connection().get(_key(preview_id)) if _ID.fullmatch(preview_id) else None
    if stored is None:
        raise RunUnknown(_("There is no such run."))
    preview: dict[str, Any] = json.loads(str(stored))
    return preview


def _keep(preview_id: str, preview: dict[str, Any]) -> None:
    events.connection().set(_key(preview_id), json.dumps(preview), ex=KEPT_S)


def _key(preview_id: str) -> str:
    return f"touchstone:preview:{preview_id}"
