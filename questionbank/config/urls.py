"""Every address of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from questionbank.api.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("questionbank.api.schema_urls")),
    path("api/v1/", include("questionbank.api.urls")),
    path("api/v1/", include("grader.api.urls")),
    path("api/v1/", include("interviews.api.urls")),
    path("", include("questionbank.pages.urls")),
    path("", include("grader.pages.urls")),
    path("", include("interviews.pages.urls")),
]
handler400 = "questionbank.api.errors.bad_request"
handler403 = "questionbank.api.errors.permission_denied"
handler404 = "questionbank.api.errors.page_not_found"
handler500 = "questionbank.api.errors.server_error"
