"""Rejudges over the API, for authors: start one, compare, apply or cancel."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grader.errors import CannotRejudge
from grader.models import Rejudge, RejudgedAnswer
from grader.rejudging import (
    MAX_NOTE,
    apply_rejudge,
    cancel_rejudge,
    progress_of,
    retry_failed,
    start_rejudge,
)
from grader.verdict import Verdict
from questionbank.access import may_author
from questionbank.api.problems_json import Conflict
from questionbank.api.schema import errors
from questionbank.models import ProblemVersion

VERDICTS = [verdict.value for verdict in Verdict]
MAX_NUMBER = 1_000_000


class IsAuthor(IsAuthenticated):
    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return super().has_permission(request, view) and may_author(user)


class RejudgeRequestSerializer(serializers.Serializer[Any]):
    """Which answers are judged again, and by what."""

    problem = serializers.SlugField()
    from_version = serializers.IntegerField(
        min_value=1, max_value=MAX_NUMBER, help_text="whose answers are judged again"
    )
    to_version = serializers.IntegerField(
        min_value=1, max_value=MAX_NUMBER, help_text="by whose tests; may be the same"
    )
    scope = serializers.ChoiceField(
        Rejudge.Scope.values, help_text="affected: tests that are the same in both keep their results"
    )
    note = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_NOTE,
        help_text="what candidates whose result changes read",
    )


class ProgressSerializer(serializers.Serializer[Any]):
    """How many answers are in which state; `changed` are judged and have another result."""

    total = serializers.IntegerField()
    waiting = serializers.IntegerField()
    judged = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="on our side: they keep what they have")
    changed = serializers.IntegerField()


class RejudgeSerializer(serializers.ModelSerializer[Rejudge]):
    """Answers to one version of a problem, judged again."""

    problem = serializers.CharField(source="problem.slug", read_only=True)
    from_version = serializers.IntegerField(source="source.number", read_only=True)
    to_version = serializers.IntegerField(source="target.number", read_only=True)
    scope = serializers.ChoiceField(Rejudge.Scope.values, read_only=True)
    state = serializers.ChoiceField(Rejudge.State.values, read_only=True)
    progress = serializers.SerializerMethodField()

    class Meta:
        model = Rejudge
        fields = (
            "id", "problem", "from_version", "to_version", "scope", "state", "note", "created_at",
            "closed_at", "progress",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, rejudge: Rejudge) -> Any:
        return ProgressSerializer(progress_of(rejudge)).data


class RejudgedAnswerSerializer(serializers.ModelSerializer[RejudgedAnswer]):
    """One answer before and after. `verdict_after` is null until it is judged again."""

    candidate = serializers.CharField(source="submission.user.username", read_only=True)
    state = serializers.ChoiceField(RejudgedAnswer.State.values, read_only=True)
    verdict_before = serializers.ChoiceField(VERDICTS, read_only=True)
    verdict_after = serializers.SerializerMethodField()

    class Meta:
        model = RejudgedAnswer
        fields = (
            "submission", "candidate", "state", "verdict_before", "score_before", "verdict_after",
            "score_after", "changed", "problem",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(VERDICTS, allow_null=True))
    def get_verdict_after(self, answer: RejudgedAnswer) -> str | None:
        return answer.verdict_after or None


@extend_schema_view(
    list=extend_schema(summary="Rejudges, newest first"),
    retrieve=extend_schema(summary="One rejudge and how far it is"),
)
class RejudgeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Rejudge]):
    permission_classes = (IsAuthor,)
    serializer_class = RejudgeSerializer
    queryset = Rejudge.objects.select_related("problem", "source", "target")

    @extend_schema(
        summary="Judge answers again; candidates see nothing before it is applied",
        request=RejudgeRequestSerializer,
        responses={201: RejudgeSerializer, **errors(409)},
    )
    def create(self, request: Request) -> Response:
        given = RejudgeRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        user: Any = request.user
        source, target = (self._version(asked, field) for field in ("from_version", "to_version"))
        try:
            rejudge = start_rejudge(
                user=user, source=source, target=target, scope=asked["scope"], note=asked.get("note", "")
            )
        except CannotRejudge as error:
            if not error.field:
                raise Conflict(str(error)) from error
            field = {"source": "from_version", "target": "to_version"}.get(error.field, error.field)
            raise ValidationError({field: [str(error)]}) from error
        return Response(self.get_serializer(rejudge).data, status=status.HTTP_201_CREATED)

    def _version(self, asked: dict[str, Any], field: str) -> ProblemVersion:
        rows = ProblemVersion.objects.select_related("problem")
        version = rows.filter(problem__slug=asked["problem"], number=asked[field]).first()
        if version is None:
            raise ValidationError({field: ["There is no such version of the problem."]})
        return version

    @extend_schema(
        summary="Each answer's verdict and score before and after",
        parameters=[OpenApiParameter("changed", bool, description="only those with another result")],
        responses=RejudgedAnswerSerializer(many=True),
    )
    @action(detail=True, methods=["get"])
    def answers(self, request: Request, pk: str) -> Response:
        rows: QuerySet[RejudgedAnswer] = self.get_object().answers.select_related("submission__user")
        if request.query_params.get("changed") == "true":
            rows = rows.filter(changed=True)
        page: Any = self.paginate_queryset(rows.defer("before", "after", "submission__source"))  # type: ignore[arg-type]
        return self.get_paginated_response(RejudgedAnswerSerializer(page, many=True).data)

    @extend_schema(
        summary="Give every judged answer its new result",
        request=None,
        responses={200: RejudgeSerializer, **errors(409)},
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        user: Any = request.user
        rejudge = self.get_object()
        try:
            apply_rejudge(rejudge, user=user)
        except CannotRejudge as error:
            raise Conflict(str(error)) from error
        return Response(self.get_serializer(rejudge).data)

    @extend_schema(
        summary="End it; every answer keeps its verdict",
        request=None,
        responses={200: RejudgeSerializer, **errors(409)},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        user: Any = request.user
        rejudge = self.get_object()
        try:
            cancel_rejudge(rejudge, user=user)
        except CannotRejudge as error:
            raise Conflict(str(error)) from error
        return Response(self.get_serializer(rejudge).data)

    @extend_schema(
        summary="Judge once more what failed on our side",
        request=None,
        responses={200: RejudgeSerializer, **errors(409)},
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        rejudge = self.get_object()
        try:
            retry_failed(rejudge)
        except CannotRejudge as error:
            raise Conflict(str(error)) from error
        return Response(self.get_serializer(rejudge).data)
