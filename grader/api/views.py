"""Submissions and runs of the one who asks; marks by those who review."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from grader import runs, services
from grader.access import may_review, reviewable_submissions, visible_submissions
from grader.api.serializers import (
    AnswerSerializer,
    MarksSerializer,
    RegradeSerializer,
    RunRequestSerializer,
    RunSerializer,
    RunStartedSerializer,
    SubmissionDetailSerializer,
    SubmissionSerializer,
)
from grader.errors import AnswerRefused, CannotAsk, CannotMark, KeyReused, RunUnknown
from grader.marking import ask_regrade, mark_points
from grader.models import Submission
from questionbank.api.problems_json import Conflict
from questionbank.api.schema import errors
from questionbank.models import ProblemVersion

IDEMPOTENCY_HEADER = "Idempotency-Key"
_MAX_KEY = 200


def current_version(slug: str) -> ProblemVersion:
    """The problem's current version; a fault of the field `problem` where there is none."""
    rows = ProblemVersion.objects.select_related("problem").filter(problem__current=F("pk"))
    version = rows.filter(problem__slug=slug).first()
    if version is None:
        raise ValidationError({"problem": [f"There is no problem {slug!r}."]})
    return version


@extend_schema_view(
    list=extend_schema(
        summary="One's own submissions, newest first",
        parameters=[OpenApiParameter("problem", str, description="only those to this problem")],
    ),
    retrieve=extend_schema(summary="One submission with its tests' results"),
)
class SubmissionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Submission]
):
    serializer_class = SubmissionSerializer
    queryset = Submission.objects.none()

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "submit" if self.action == "create" else None
        return super().get_throttles()

    def get_queryset(self) -> QuerySet[Submission]:
        user: Any = self.request.user
        if self.action == "list":
            rows = Submission.objects.filter(user=user).select_related("version__problem").defer("source")
            slug = self.request.query_params.get("problem")
            return rows.filter(version__problem__slug=slug) if slug else rows
        return visible_submissions(user).prefetch_related("cases", "marks").distinct()

    @extend_schema(responses=SubmissionDetailSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._detail(self.get_object())

    def _detail(self, submission: Submission) -> Response:
        return Response(SubmissionDetailSerializer(submission, context=self.get_serializer_context()).data)

    @extend_schema(
        summary="Send an answer",
        request=AnswerSerializer,
        responses={201: SubmissionSerializer, 200: SubmissionSerializer, **errors(409, 429, 503)},
        parameters=[
            OpenApiParameter(
                IDEMPOTENCY_HEADER,
                str,
                OpenApiParameter.HEADER,
                description="your choice: the same request sent again gets the same submission (200)",
            )
        ],
    )
    def create(self, request: Request) -> Response:
        given = AnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        answer: dict[str, Any] = dict(given.validated_data)
        version = current_version(answer.pop("problem"))
        key = request.headers.get(IDEMPOTENCY_HEADER, "")
        user: Any = request.user
        if len(key) > _MAX_KEY or not (key.isascii() and key.isprintable()):
            raise ValidationError({IDEMPOTENCY_HEADER: [f"At most {_MAX_KEY} printable ASCII characters."]})
        try:
            if key:
                submission, new = services.submit_once(user=user, version=version, key=key, **answer)
            else:
                submission, new = services.submit(user=user, version=version, **answer), True
        except AnswerRefused as error:
            raise ValidationError({error.field: [str(error)]}) from error
        except KeyReused as error:
            raise Conflict(str(error)) from error
        body = SubmissionSerializer(submission).data
        return Response(body, status=status.HTTP_201_CREATED if new else status.HTTP_200_OK)

    @extend_schema(
        summary="Mark an open answer point by point",
        request=MarksSerializer,
        responses=SubmissionDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def marks(self, request: Request, pk: str) -> Response:
        user: Any = request.user
        if not may_review(user):
            raise PermissionDenied("Only interviewers mark answers.")
        submission = get_object_or_404(reviewable_submissions(user), pk=pk)
        given = MarksSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        marks = {
            mark["point_id"]: (mark["level"], mark.get("comment", ""))
            for mark in given.validated_data["marks"]
        }
        try:
            mark_points(reviewer=user, submission=submission, marks=marks)
        except CannotMark as error:
            raise ValidationError({"marks": [str(error)]}) from error
        return self._detail(submission)

    @extend_schema(
        summary="Ask a person to look at one's own open answer again, once",
        request=RegradeSerializer,
        responses={201: RegradeSerializer, **errors(409)},
    )
    @action(detail=True, methods=["post"])
    def regrade(self, request: Request, pk: str) -> Response:
        user: Any = request.user
        submission = get_object_or_404(Submission.objects.filter(user=user), pk=pk)
        given = RegradeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            asked = ask_regrade(user=user, submission=submission, reason=given.validated_data["reason"])
        except AnswerRefused as error:
            raise ValidationError({error.field: [str(error)]}) from error
        except CannotAsk as error:
            raise Conflict(str(error)) from error
        return Response(RegradeSerializer(asked).data, status=status.HTTP_201_CREATED)


class RunViewSet(viewsets.GenericViewSet[Any]):
    """Runs of the samples or of one's own input, outside the record; kept for an hour."""

    serializer_class = RunSerializer
    queryset = Submission.objects.none()

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "run" if self.action == "create" else None
        return super().get_throttles()

    @extend_schema(
        summary="Run the samples or own input",
        request=RunRequestSerializer,
        responses={202: RunStartedSerializer, **errors(429, 503)},
    )
    def create(self, request: Request) -> Response:
        given = RunRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        answer: dict[str, Any] = dict(given.validated_data)
        version = current_version(answer.pop("problem"))
        user: Any = request.user
        try:
            run_id = runs.start_run(user=user, version=version, **answer)
        except AnswerRefused as error:
            raise ValidationError({error.field: [str(error)]}) from error
        return Response({"id": run_id}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="A run's result",
        responses={200: RunSerializer, **errors(503)},
        parameters=[OpenApiParameter("id", str, OpenApiParameter.PATH)],
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        user: Any = request.user
        try:
            result = runs.run_result(pk, user=user)
        except RunUnknown as error:
            raise NotFound(str(error)) from error
        empty: dict[str, Any] = {"runs": [], "error": None, "message": ""}
        return Response({"done": result is not None, **(result or empty)})
