"""Imports over the API, for authors: send a file of problems, follow it, run it again."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from grader.api.rejudges import IsAuthor
from grader.errors import CannotImport
from grader.importing import MAX_UPLOAD_BYTES, remove_import, run_again, start_import
from questionbank.api.parsing import DeepJSONParser
from questionbank.api.problems_json import BodyTooLarge, Conflict
from questionbank.api.schema import errors
from questionbank.exchange.importing import State
from questionbank.exchange.reading import Format, Origin
from questionbank.models import ProblemImport

_FORM_BYTES = 64 * 1024
"""Room for the fields beside the file."""


class ImportRequestSerializer(serializers.Serializer[Any]):
    """A file of problems: a zip of packages or of other formats' files, JSON, JSON lines, XML."""

    file = serializers.FileField(max_length=200)
    format = serializers.ChoiceField([one.value for one in Format], default=Format.AUTO.value)
    license = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="of a bank that does not say its own"
    )
    attribution = serializers.CharField(required=False, allow_blank=True, max_length=200)
    url = serializers.CharField(required=False, allow_blank=True, max_length=500)
    dry_run = serializers.BooleanField(default=False, help_text="only say what would happen")


class RunAgainSerializer(serializers.Serializer[Any]):
    """How an import is run once more."""

    dry_run = serializers.BooleanField(default=False)


class FindingSerializer(serializers.Serializer[Any]):
    """What is to be said of a file of the problem; `line` is null for the whole."""

    path = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()


class ImportedProblemSerializer(serializers.Serializer[Any]):
    """One problem of the file. `ready`: it could become a draft; `unchanged`: it is there already."""

    slug = serializers.CharField()
    origin = serializers.CharField(help_text="what the file calls it")
    state = serializers.ChoiceField([one.value for one in State])
    draft = serializers.UUIDField(allow_null=True)
    findings = FindingSerializer(many=True, help_text="why it failed")
    notices = FindingSerializer(many=True, help_text="what it does not hold, and what it resembles")


class ImportReportSerializer(serializers.Serializer[Any]):
    """What became of each problem, and how many of each state there are."""

    imported = serializers.IntegerField(help_text="with those unchanged")
    unchanged = serializers.IntegerField()
    ready = serializers.IntegerField()
    failed = serializers.IntegerField()
    problems = ImportedProblemSerializer(many=True)


class ImportSerializer(serializers.ModelSerializer[ProblemImport]):
    """An import. It is over once `state` is neither `queued` nor `running`; until then, ask again."""

    author = serializers.CharField(source="author.username", read_only=True)
    state = serializers.ChoiceField(ProblemImport.State.values, read_only=True)
    format = serializers.ChoiceField([one.value for one in Format], read_only=True)
    report = serializers.SerializerMethodField()

    class Meta:
        model = ProblemImport
        fields = (
            "id", "author", "name", "size", "format", "dry_run", "state", "done", "total", "report",
            "trouble", "created_at", "ended_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ImportReportSerializer(allow_null=True))
    def get_report(self, row: ProblemImport) -> Any:
        return row.report


@extend_schema_view(
    list=extend_schema(summary="Imports, newest first"),
    retrieve=extend_schema(summary="One import, how far it is and what became of it"),
)
class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ProblemImport]):
    permission_classes = (IsAuthor,)
    serializer_class = ImportSerializer
    queryset = ProblemImport.objects.select_related("author")
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary="Bring problems in: all of a file become drafts, or none",
        request={"multipart/form-data": ImportRequestSerializer},
        responses={202: ImportSerializer, **errors(409)},
    )
    def create(self, request: Request) -> Response:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > MAX_UPLOAD_BYTES + _FORM_BYTES:
            raise BodyTooLarge(f"The file has more than {MAX_UPLOAD_BYTES // 2**20} MiB.")
        given = ImportRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked, user = given.validated_data, request.user
        file = asked["file"]
        try:
            row = start_import(
                user=user,  # type: ignore[arg-type]  # the permission holds back who is none
                name=file.name,
                size=file.size,
                chunks=file.chunks(),
                format=Format(asked["format"]),
                origin=Origin(*(asked.get(name, "") for name in ("license", "attribution", "url"))),
                dry_run=asked["dry_run"],
            )
        except CannotImport as error:
            raise _refusal(error) from error
        return self._accepted(row)

    @extend_schema(
        summary="Run it again, after a dry run, a refusal or a failure of ours",
        request=RunAgainSerializer,
        responses={202: ImportSerializer, **errors(409)},
    )
    @action(detail=True, methods=["post"], parser_classes=[DeepJSONParser])
    def run(self, request: Request, pk: str) -> Response:
        given = RunAgainSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row = self.get_object()
        try:
            run_again(row, dry_run=given.validated_data["dry_run"])
        except CannotImport as error:
            raise _refusal(error) from error
        return self._accepted(row)

    @extend_schema(
        summary="Forget an import and its file; its drafts stay", responses={204: None, **errors(409)}
    )
    def destroy(self, request: Request, pk: str) -> Response:
        try:
            remove_import(self.get_object())
        except CannotImport as error:
            raise _refusal(error) from error
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _accepted(self, row: ProblemImport) -> Response:
        place = reverse("api-import-detail", args=[row.pk], request=self.request)
        body = self.get_serializer(row).data
        return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Location": place})


def _refusal(error: CannotImport) -> Exception:
    return ValidationError({error.field: [str(error)]}) if error.field else Conflict(str(error))
