"""An interviewer's sets and their results; a candidate's attempts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grader.access import may_review
from grader.api.serializers import SubmissionSerializer
from grader.errors import AnswerRefused
from interviews import services
from interviews.api.serializers import (
    AttemptAnswerSerializer,
    AttemptSerializer,
    QuestionSetDraftSerializer,
    QuestionSetSerializer,
    ResultSerializer,
    StartSerializer,
    result_of,
)
from interviews.errors import AttemptClosed, InvalidSet
from interviews.models import Attempt, QuestionSet
from questionbank.api.problems_json import Conflict
from questionbank.api.schema import errors


class IsInterviewer(IsAuthenticated):
    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return super().has_permission(request, view) and may_review(user)


@extend_schema_view(
    list=extend_schema(summary="One's own question sets"), retrieve=extend_schema(summary="One question set")
)
class QuestionSetViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[QuestionSet]
):
    permission_classes = (IsInterviewer,)
    serializer_class = QuestionSetSerializer
    queryset = QuestionSet.objects.none()

    def get_queryset(self) -> QuerySet[QuestionSet]:
        user: Any = self.request.user
        rows = QuestionSet.objects.prefetch_related("items__version__problem")
        return rows if user.is_staff else rows.filter(owner=user)

    @extend_schema(
        summary="Make a question set",
        request=QuestionSetDraftSerializer,
        responses={201: QuestionSetSerializer},
    )
    def create(self, request: Request) -> Response:
        given = QuestionSetDraftSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        draft: dict[str, Any] = dict(given.validated_data)
        items = [services.ItemDraft(item["problem"], item["weight"]) for item in draft.pop("items")]
        user: Any = request.user
        try:
            question_set = services.create_set(owner=user, items=items, **draft)
        except InvalidSet as error:
            raise ValidationError({"items": [str(error)]}) from error
        body = self.get_serializer(self.get_queryset().get(pk=question_set.pk)).data
        return Response(body, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Every candidate's result", responses=ResultSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def results(self, request: Request, pk: str) -> Response:
        table = services.results_table(self.get_object())
        return Response(ResultSerializer([result_of(row) for row in table], many=True).data)

    @extend_schema(summary="Let nobody start it any more", request=None, responses=QuestionSetSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        question_set = self.get_object()
        services.close_set(question_set)
        return Response(self.get_serializer(question_set).data)

    @extend_schema(summary="Let candidates start it again", request=None, responses=QuestionSetSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        question_set = self.get_object()
        services.reopen_set(question_set)
        return Response(self.get_serializer(question_set).data)


@extend_schema_view(
    list=extend_schema(summary="One's own attempts"), retrieve=extend_schema(summary="One attempt")
)
class AttemptViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Attempt]):
    serializer_class = AttemptSerializer
    queryset = Attempt.objects.none()

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "submit" if self.action == "submissions" else None
        return super().get_throttles()

    def get_queryset(self) -> QuerySet[Attempt]:
        user: Any = self.request.user
        rows = Attempt.objects.select_related("question_set", "candidate")
        return rows.prefetch_related("question_set__items__version__problem").filter(candidate=user)

    @extend_schema(
        summary="Start the attempt at a set, or find the one begun",
        request=StartSerializer,
        responses={201: AttemptSerializer, 200: AttemptSerializer, **errors(404, 409)},
    )
    def create(self, request: Request) -> Response:
        given = StartSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        question_set = get_object_or_404(QuestionSet, **given.validated_data)
        user: Any = request.user
        try:
            begun = question_set.attempts.filter(candidate=user).exists()
            attempt = services.start_attempt(question_set=question_set, candidate=user)
        except AttemptClosed as error:
            raise Conflict(str(error)) from error
        body = AttemptSerializer(self.get_queryset().get(pk=attempt.pk)).data
        return Response(body, status=status.HTTP_200_OK if begun else status.HTTP_201_CREATED)

    @extend_schema(
        summary="Answer one of the set's problems",
        request=AttemptAnswerSerializer,
        responses={201: SubmissionSerializer, **errors(409, 429, 503)},
    )
    @action(detail=True, methods=["post"])
    def submissions(self, request: Request, pk: str) -> Response:
        attempt = self.get_object()
        given = AttemptAnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        answer: dict[str, Any] = dict(given.validated_data)
        item = (
            attempt.question_set.items.select_related("version__problem")
            .filter(pk=answer.pop("item"))
            .first()
        )
        if item is None:
            raise ValidationError({"item": ["The set has no such item."]})
        try:
            submission = services.submit_in_attempt(attempt=attempt, item=item, **answer)
        except AttemptClosed as error:
            raise Conflict(str(error)) from error
        except AnswerRefused as error:
            raise ValidationError({error.field: [str(error)]}) from error
        return Response(SubmissionSerializer(submission).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Finish before the time is over", request=None, responses=AttemptSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        attempt = self.get_object()
        services.finish_attempt(attempt)
        return Response(AttemptSerializer(attempt).data)

    @extend_schema(summary="One's own result", responses=ResultSerializer)
    @action(detail=True, methods=["get"])
    def result(self, request: Request, pk: str) -> Response:
        attempt = self.get_object()
        if services.is_open(attempt):
            raise PermissionDenied("The result is shown once the attempt is over.")
        return Response(ResultSerializer(result_of(services.results_of(attempt))).data)
