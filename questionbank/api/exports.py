"""Published problems as files of each format, for authors."""

from __future__ import annotations

import base64
from typing import Any

from django.db.models import F
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from questionbank.access import may_author
from questionbank.exchange.drafts import Refused
from questionbank.exchange.exporting import export
from questionbank.exchange.reading import Format
from questionbank.models import ProblemVersion
from questionbank.services import folder_of_version


class LossSerializer(serializers.Serializer[Any]):
    """What of the package the file does not hold; `line` is null for the whole of `path`."""

    path = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()


class ExportSerializer(serializers.Serializer[Any]):
    """A problem in one file."""

    file = serializers.CharField(help_text="what the file is called")
    content = serializers.CharField(help_text="what it holds, in base64")
    lost = LossSerializer(many=True)


class ExportView(APIView):
    """A problem's current version as a file."""

    @extend_schema(
        summary="A problem as a file of another format, with what that cannot hold",
        parameters=[
            OpenApiParameter("to", str, enum=[one.value for one in Format], default=Format.AUTO.value)
        ],
        responses=ExportSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        user: Any = request.user
        if not may_author(user):
            raise PermissionDenied("Only authors read what is hidden of a problem.")
        wanted = request.query_params.get("to", Format.AUTO.value)
        if wanted not in set(Format):
            raise ValidationError({"to": [f"Take one of {', '.join(Format)}."]})
        rows = ProblemVersion.objects.filter(problem__current=F("pk")).select_related("problem")
        version = get_object_or_404(rows, problem__slug=slug)
        found = export(folder_of_version(version), Format(wanted), slug=slug)
        if isinstance(found, Refused):
            raise ValidationError({"to": [one.message for one in found.findings]})
        body = {"file": found.name, "content": base64.b64encode(found.data).decode(), "lost": found.lost}
        return Response(ExportSerializer(body).data)
