from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from grader.api.imports import ImportViewSet
from grader.api.rejudges import RejudgeViewSet
from grader.api.streams import run_events, submission_events
from grader.api.views import RunViewSet, SubmissionViewSet

router = SimpleRouter()
router.register("submissions", SubmissionViewSet, basename="api-submission")
router.register("rejudges", RejudgeViewSet, basename="api-rejudge")
router.register("imports", ImportViewSet, basename="api-import")
router.register("runs", RunViewSet, basename="api-run")

urlpatterns = [
    path("submissions/<uuid:pk>/events/", submission_events, name="submission-events"),
    path("runs/<str:pk>/events/", run_events, name="run-events"),
    path("", include(router.urls)),
]
