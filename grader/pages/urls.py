from __future__ import annotations

from django.urls import path

from grader.pages import agreement, history, problem, reviews, wishes

urlpatterns = [
    path("problems/<slug:slug>/", problem.problem, name="problem"),
    path("problems/<slug:slug>/submit/", problem.submit, name="problem-submit"),
    path("problems/<slug:slug>/draft/", problem.draft, name="problem-draft"),
    path("problems/<slug:slug>/plot/", history.plot, name="problem-plot"),
    path("problems/<slug:slug>/give-up/", problem.give_up, name="problem-give-up"),
    path("versions/<int:version_id>/run/", problem.run, name="version-run"),
    path("runs/<str:run_id>/", problem.run_state, name="run-panel"),
    path("submissions/", history.submissions, name="submissions"),
    path("submissions/<uuid:submission_id>/", history.submission, name="submission"),
    path("submissions/<uuid:submission_id>/panel/", history.panel, name="submission-panel"),
    path("submissions/<uuid:submission_id>/regrade/", wishes.regrade, name="submission-regrade"),
    path("consent/", wishes.consent, name="calibration-consent"),
    path("review/", reviews.queue, name="review-queue"),
    path("review/next/", reviews.begin, name="review-begin"),
    path("review/agreement/", agreement.agreement, name="review-agreement"),
    path("review/<uuid:submission_id>/", reviews.review, name="review"),
]
