from __future__ import annotations

from django.urls import path

from grader.pages import (
    agreement,
    files,
    history,
    operating,
    preview,
    problem,
    rejudges,
    reviews,
    versions,
    wishes,
)

urlpatterns = [
    path("problems/<slug:slug>/", problem.problem, name="problem"),
    path("problems/<slug:slug>/submit/", problem.submit, name="problem-submit"),
    path("problems/<slug:slug>/draft/", problem.draft, name="problem-draft"),
    path("problems/<slug:slug>/plot/", history.plot, name="problem-plot"),
    path("problems/<slug:slug>/give-up/", problem.give_up, name="problem-give-up"),
    path("versions/<int:version_id>/run/", problem.run, name="version-run"),
    path("versions/<int:version_id>/files/<path:name>", files.version_file, name="version-file"),
    path("runs/<str:run_id>/", problem.run_state, name="run-panel"),
    path("submissions/", history.submissions, name="submissions"),
    path("submissions/<uuid:submission_id>/", history.submission, name="submission"),
    path("submissions/<uuid:submission_id>/panel/", history.panel, name="submission-panel"),
    path("submissions/<uuid:submission_id>/regrade/", wishes.regrade, name="submission-regrade"),
    path("problems/<slug:slug>/versions/", versions.versions, name="versions"),
    path("problems/<slug:slug>/versions/rejudge/", versions.start, name="rejudge-start"),
    path(
        "problems/<slug:slug>/versions/<int:old>/<int:new>/", versions.difference, name="version-difference"
    ),
    path("rejudges/<uuid:rejudge_id>/", rejudges.rejudge, name="rejudge"),
    path("rejudges/<uuid:rejudge_id>/apply/", rejudges.apply, name="rejudge-apply"),
    path("rejudges/<uuid:rejudge_id>/cancel/", rejudges.cancel, name="rejudge-cancel"),
    path("rejudges/<uuid:rejudge_id>/retry/", rejudges.retry, name="rejudge-retry"),
    path("consent/", wishes.consent, name="calibration-consent"),
    path("grader/", operating.operating, name="grader"),
    path("grader/try/", operating.try_again, name="grader-try"),
    path("grader/judge/", operating.forget, name="grader-forget"),
    path("grader/preview/", preview.preview, name="rubric-preview"),
    path("grader/preview/<str:preview_id>/", preview.state, name="rubric-preview-state"),
    path("review/", reviews.queue, name="review-queue"),
    path("review/next/", reviews.begin, name="review-begin"),
    path("review/agreement/", agreement.agreement, name="review-agreement"),
    path("review/<uuid:submission_id>/", reviews.review, name="review"),
]
