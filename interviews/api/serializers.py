"""Question sets, attempts and results as the API sends and takes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from interviews.models import Attempt, QuestionSet, SetItem
from interviews.services import MAX_INTRODUCTION, MAX_ITEMS, MAX_MINUTES, MAX_WEIGHT, Row, is_open


class ItemSerializer(serializers.ModelSerializer[SetItem]):
    problem = serializers.CharField(source="version.problem.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    weight = serializers.IntegerField(read_only=True)

    class Meta:
        model = SetItem
        fields = ("id", "problem", "version", "weight")


class QuestionSetSerializer(serializers.ModelSerializer[QuestionSet]):
    items = ItemSerializer(many=True, read_only=True)
    link = serializers.SerializerMethodField(help_text="the page on which candidates take the set")
    time_limit_minutes = serializers.IntegerField(read_only=True)

    class Meta:
        model = QuestionSet
        fields = (
            "id",
            "title",
            "introduction",
            "time_limit_minutes",
            "link",
            "created_at",
            "archived_at",
            "items",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.URLField())
    def get_link(self, question_set: QuestionSet) -> str:
        path = f"/s/{question_set.share_token}/"
        request = self.context.get("request")
        return str(request.build_absolute_uri(path)) if request else path


class ItemDraftSerializer(serializers.Serializer[Any]):
    problem = serializers.SlugField()
    weight = serializers.IntegerField(default=1, min_value=1, max_value=MAX_WEIGHT)


class QuestionSetDraftSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    introduction = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=MAX_INTRODUCTION, help_text="Markdown"
    )
    time_limit_minutes = serializers.IntegerField(min_value=1, max_value=MAX_MINUTES)
    items = serializers.ListField(child=ItemDraftSerializer(), min_length=1, max_length=MAX_ITEMS)


class StartSerializer(serializers.Serializer[Any]):
    share_token = serializers.CharField(help_text="the last part of the set's link")


class AttemptAnswerSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField(help_text="the id of one of the set's items")
    language = serializers.CharField()
    source = serializers.CharField(trim_whitespace=False)  # type: ignore[assignment]  # a Field has one too


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    question_set = serializers.UUIDField(source="question_set_id", read_only=True)
    candidate = serializers.CharField(source="candidate.username", read_only=True)
    items = ItemSerializer(source="question_set.items", many=True, read_only=True)
    is_open = serializers.SerializerMethodField()

    class Meta:
        model = Attempt
        fields = (
            "id",
            "question_set",
            "candidate",
            "started_at",
            "deadline",
            "finished_at",
            "is_open",
            "items",
        )
        read_only_fields = fields

    def get_is_open(self, attempt: Attempt) -> bool:
        return is_open(attempt)


class CellSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField()
    problem = serializers.CharField()
    weight = serializers.IntegerField()
    score = serializers.FloatField(allow_null=True)
    verdict = serializers.CharField(allow_null=True)
    submissions = serializers.ListField(child=serializers.UUIDField())


class ResultSerializer(serializers.Serializer[Any]):
    """One candidate's result: `total` is the weighted mean of the best scores, 0 to 100."""

    attempt = serializers.UUIDField()
    candidate = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    total = serializers.FloatField()
    provisional = serializers.BooleanField(
        help_text="whether an answer still waits for a judge or a reviewer"
    )
    items = CellSerializer(many=True)


def result_of(row: Row) -> dict[str, Any]:
    """A results-table row as `ResultSerializer` describes it."""
    attempt = row.attempt
    return {
        "attempt": attempt.pk,
        "candidate": attempt.candidate.get_username(),
        "email": attempt.candidate.email,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "total": row.total,
        "provisional": row.provisional,
        "items": [
            {
                "item": cell.item.pk,
                "problem": cell.item.version.problem.slug,
                "weight": cell.item.weight,
                "score": cell.score,
                "verdict": cell.verdict or None,
                "submissions": [submission.pk for submission in cell.submissions],
            }
            for cell in row.cells
        ],
    }
