from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from questionbank.api.exports import ExportView
from questionbank.api.views import LoginView, LogoutView, ProblemViewSet, TopicViewSet

router = SimpleRouter()
router.register("problems", ProblemViewSet, basename="api-problem")
router.register("topics", TopicViewSet, basename="api-topic")

urlpatterns = [
    path("auth/login/", LoginView.as_view(), name="api-login"),
    path("auth/logout/", LogoutView.as_view(), name="api-logout"),
    path("problems/<slug:slug>/export/", ExportView.as_view(), name="api-problem-export"),
    path("", include(router.urls)),
]
