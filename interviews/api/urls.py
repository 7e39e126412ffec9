from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from interviews.api.views import AttemptViewSet, QuestionSetViewSet

router = SimpleRouter()
router.register("sets", QuestionSetViewSet, basename="api-set")
router.register("attempts", AttemptViewSet, basename="api-attempt")

urlpatterns = [path("", include(router.urls))]
