"""One's own submissions, and the page of a single one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from grader.access import may_review, visible_submissions
from grader.feedback import Standing, feedback_on
from grader.marking import MAX_REASON, has_consented
from grader.models import RegradeRequest, Submission
from grader.pages.highlighting import Piece, pieces_of
from grader.pages.panels import option_rows, panel_response, submission_panel
from grader.pages.plots import FIELD_AT_LEAST, attempts_plot, curves_of, heats_of
from grader.pages.problem import logged_in
from grader.pages.wording import VERDICT_WORDS, seconds, size, state_word
from grader.rejudging import changes_told
from grader.services import tells_figures
from grader.verdict import FINAL_STAGES
from questionbank.access import may_author
from questionbank.models import Problem, User
from questionbank.packages.model import Kind
from questionbank.services import package_of

PAGE_SIZE = 40


@login_required
@require_safe
def submissions(request: HttpRequest) -> HttpResponse:
    rows = Submission.objects.filter(user=logged_in(request)).select_related("version__problem")
    slug = request.GET.get("problem", "")
    if slug:
        rows = rows.filter(version__problem__slug=slug)
    page = Paginator(rows.defer("source", "compiler_output"), PAGE_SIZE).get_page(request.GET.get("page"))
    told = changes_told(list(page))
    listed = [(row, state_word(row), row.pk in told) for row in page]
    context = {"nav": "submissions", "page": page, "listed": listed, "problem": slug}
    return render(request, "grader/submissions.html", context)


@login_required
@require_safe
def submission(request: HttpRequest, submission_id: str) -> HttpResponse:
    user = logged_in(request)
    found = get_object_or_404(visible_submissions(user).distinct(), pk=submission_id)
    context = submission_context(found, user) | {
        "nav": "submissions" if found.user_id == user.pk else "",
        "own": found.user_id == user.pk,
        "review": reverse("review", args=[found.pk])
        if may_review(user) and found.version.kind == Kind.OPEN and found.stage in FINAL_STAGES
        else "",
    }
    if found.user_id == user.pk and found.version.kind == Kind.OPEN:
        context |= _own_wishes(found, user)
    return render(request, "grader/submission.html", context)


def _own_wishes(found: Submission, user: User) -> dict[str, object]:
    """What a candidate may ask of an open answer: a second look, and whether it may be kept as an example."""
    feedback = feedback_on(found)
    final = feedback is not None and feedback.standing is not Standing.PROVISIONAL
    regrade = RegradeRequest.objects.filter(submission=found).first()
    return {
        "regrade": regrade,
        "may_ask": final and regrade is None,
        "offers_consent": True,
        "consented": has_consented(user),
        "max_reason": MAX_REASON,
    }


def submission_context(found: Submission, reader: User) -> dict[str, object]:
    """What `grader/submission.html` shows of an answer that the reader may see."""
    package = package_of(found.version)
    reads_all = may_author(reader)
    cases = [
        {
            "number": case.position + 1,
            "name": case.name,
            "group": case.group,
            "verdict": case.verdict,
            "word": VERDICT_WORDS.get(case.verdict, case.verdict),
            "tells_figures": reads_all or tells_figures(case.group),
            "time": seconds(case.cpu_s),
            "memory": size(case.peak_bytes),
            "message": case.message,
            # It may say what the test hides.
            "judge_message": case.judge_message if reads_all else "",
        }
        for case in found.cases.all()
    ]
    return {
        "submission": found,
        "rejudged": rejudged_notice(found),
        "package": package,
        "panel": submission_panel(found),
        "case_rows": cases if found.stage in FINAL_STAGES else [],
        "keeps_figures": not all(case["tells_figures"] for case in cases),
        "lines": [line + "\n" for line in found.source.split("\n")],
        "pieces": _pieces(found) if package.open else [],
        "options": option_rows(package, found.source),
        "curves": curves_of(found.exhibits),
        "heats": heats_of(found.exhibits),
        "exhibits_problem": found.exhibits.get("problem", ""),
        "is_code": package.kind in {Kind.FUNCTION, Kind.PASS_FAIL, Kind.ARTIFACT},
    }


def rejudged_notice(found: Submission) -> dict[str, object] | None:
    """What its author is told where the answer was judged again and has another result since."""
    told = changes_told([found]).get(found.pk)
    if told is None:
        return None
    return {
        "at": told.rejudge.closed_at,
        "before": VERDICT_WORDS.get(told.verdict_before, told.verdict_before),
        "score": told.score_before,
        "note": told.rejudge.note,
        "other_tests": told.rejudge.source_id != told.rejudge.target_id,
    }


def _pieces(found: Submission) -> list[Piece]:
    """The answer with the words that count for each point."""
    feedback = feedback_on(found)
    points = feedback.points if feedback else ()
    places = {number: (point.start, point.end) for number, point in enumerate(points, start=1)}
    return pieces_of(found.source, places)


@login_required
@require_safe
def plot(request: HttpRequest, slug: str) -> HttpResponse:
    """One's attempts at an artifact exercise, in a drawing and as a table."""
    found = get_object_or_404(Problem.objects.select_related("current"), slug=slug, current__isnull=False)
    version = found.current
    assert version is not None
    package = package_of(version)
    if package.artifact is None or package.artifact.plot is None:
        raise Http404
    context = {
        "nav": "problems",
        "problem": found,
        "package": package,
        "plot": attempts_plot(version, package, logged_in(request)),
        "field_at_least": FIELD_AT_LEAST,
    }
    return render(request, "grader/plot.html", context)


@login_required
@require_safe
def panel(request: HttpRequest, submission_id: str) -> HttpResponse:
    found = get_object_or_404(visible_submissions(logged_in(request)).distinct(), pk=submission_id)
    return panel_response(request, found)
