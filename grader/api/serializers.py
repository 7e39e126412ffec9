"""Submissions, runs and marks as the API sends and takes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from grader.access import may_review
from grader.feedback import Standing, feedback_on, grade_of, is_marked
from grader.judge.model import MetricState
from grader.lacks import message_of
from grader.marking import MAX_REASON
from grader.models import CaseRecord, Grade, PointMark, RegradeRequest, Submission
from grader.open.model import Flag
from grader.publishing import Doubt
from grader.rejudging import changes_told
from grader.services import FIGURES, tells_figures
from grader.verdict import FINAL_STAGES, Stage, Verdict
from questionbank.access import may_author
from questionbank.packages.model import PointLevel

VERDICTS = [verdict.value for verdict in Verdict]


class AnswerSerializer(serializers.Serializer[Any]):
    """An answer to a problem."""

    problem = serializers.SlugField(help_text="the problem's slug; its current version is answered")
    language = serializers.CharField(
        help_text="one of the problem's languages; `choice` or `text` for those kinds"
    )
    source = serializers.CharField(  # type: ignore[assignment]  # a Field has one too
        trim_whitespace=False,
        help_text="the code, the prose, or for a choice a JSON list of option ids as text",
    )


class RunRequestSerializer(AnswerSerializer):
    own_input = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        default=None,
        help_text="stdin for a program, a JSON list of arguments for a function; without it the samples run",
    )


class CaseSerializer(serializers.ModelSerializer[CaseRecord]):
    """One test's result. `got`, `expected` and `stdout` are told for samples only; the figures of hidden
    tests, which are null else, to authors only."""

    position = serializers.IntegerField(read_only=True)
    verdict = serializers.ChoiceField(VERDICTS, read_only=True)
    cpu_s = serializers.FloatField(read_only=True, allow_null=True)
    wall_s = serializers.FloatField(read_only=True, allow_null=True)
    peak_bytes = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = CaseRecord
        exclude = ("id", "submission", "judge_message")

    def to_representation(self, instance: CaseRecord) -> dict[str, Any]:
        told = super().to_representation(instance)
        if tells_figures(instance.group) or may_author(self.context["request"].user):
            return told
        return told | dict.fromkeys(FIGURES)


class MetricResultSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    value = serializers.FloatField()
    threshold = serializers.FloatField()
    direction = serializers.CharField()
    low = serializers.FloatField(allow_null=True, help_text="the interval's ends; null without chance")
    high = serializers.FloatField(allow_null=True)
    baseline = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(
        [state.value for state in MetricState],
        help_text="borderline: the interval spans the threshold, the exercise's rule decided `passed`",
    )
    passed = serializers.BooleanField()
    decides = serializers.BooleanField(help_text="false for a figure that is only shown")
    score = serializers.FloatField()


class MarkSerializer(serializers.ModelSerializer[PointMark]):
    """A reviewer's mark on one rubric point."""

    class Meta:
        model = PointMark
        fields = ("point_id", "level", "comment")


class MarksSerializer(serializers.Serializer[Any]):
    marks = MarkSerializer(many=True)


class RegradeSerializer(serializers.ModelSerializer[RegradeRequest]):
    """A candidate's wish for a second look; `answered_at` is null until a person has looked."""

    reason = serializers.CharField(max_length=MAX_REASON)

    class Meta:
        model = RegradeRequest
        fields = ("reason", "asked_at", "answered_at")
        read_only_fields = ("asked_at", "answered_at")


class PointFeedbackSerializer(serializers.Serializer[Any]):
    """One rubric point. `source[start:end]`, in characters, are the words it was found in."""

    point_id = serializers.CharField()
    weight = serializers.FloatField()
    level = serializers.ChoiceField([level.value for level in PointLevel])
    statement = serializers.DictField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="by language; null for a point that was missed",
    )
    hint = serializers.DictField(child=serializers.CharField(), allow_null=True)
    start = serializers.IntegerField(allow_null=True)
    end = serializers.IntegerField(allow_null=True)
    comment = serializers.CharField(allow_blank=True)


class FeedbackSerializer(serializers.Serializer[Any]):
    """What a candidate may know of an open answer's grade. Scores are shares from 0 to 1."""

    standing = serializers.ChoiceField(
        [standing.value for standing in Standing],
        help_text="provisional waits for a person, published stands by itself, marked is a person's",
    )
    score = serializers.FloatField()
    low = serializers.FloatField(help_text="the ends of the interval")
    high = serializers.FloatField()
    points = PointFeedbackSerializer(many=True)
    follow_up = serializers.DictField(
        child=serializers.CharField(), allow_null=True, help_text="a question chosen by what was missed"
    )


class GradedPointSerializer(serializers.Serializer[Any]):
    point_id = serializers.CharField()
    level = serializers.ChoiceField([level.value for level in PointLevel])
    probability = serializers.FloatField()
    start = serializers.IntegerField(allow_null=True)
    end = serializers.IntegerField(allow_null=True)


class GradeSerializer(serializers.ModelSerializer[Grade]):
    """The machine's grade as reviewers see it."""

    points = GradedPointSerializer(many=True)
    flags = serializers.ListField(child=serializers.ChoiceField([flag.value for flag in Flag]))
    doubts = serializers.ListField(
        child=serializers.ChoiceField([doubt.value for doubt in Doubt]),
        help_text="why it does not stand by itself; empty where it does",
    )

    class Meta:
        model = Grade
        fields = (
            "score",
            "low",
            "high",
            "language",
            "points",
            "flags",
            "doubts",
            "audited",
            "grader",
            "judge",
            "graded_at",
        )


class SubmissionSerializer(serializers.ModelSerializer[Submission]):
    """A submission in a list."""

    problem = serializers.CharField(source="version.problem.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    stage = serializers.ChoiceField([stage.value for stage in Stage], read_only=True)
    verdict = serializers.SerializerMethodField()

    class Meta:
        model = Submission
        fields: tuple[str, ...] = (
            "id",
            "problem",
            "version",
            "language",
            "stage",
            "verdict",
            "score",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(VERDICTS, allow_null=True))
    def get_verdict(self, submission: Submission) -> str | None:
        return submission.verdict or None


class RejudgedSerializer(serializers.Serializer[Any]):
    """That an answer was judged again and has another result since."""

    at = serializers.DateTimeField(source="rejudge.closed_at")
    verdict_before = serializers.ChoiceField(VERDICTS)
    score_before = serializers.FloatField(allow_null=True)
    note = serializers.CharField(source="rejudge.note", allow_blank=True)


class SubmissionDetailSerializer(SubmissionSerializer):
    cases = CaseSerializer(many=True, read_only=True)
    slowest_cpu_s = serializers.SerializerMethodField(
        help_text="the most that one test took; null before the end"
    )
    largest_peak_bytes = serializers.SerializerMethodField(
        help_text="the most that one test took; null before the end"
    )
    metrics = MetricResultSerializer(many=True, read_only=True)
    message = serializers.SerializerMethodField()
    marks = serializers.SerializerMethodField(
        help_text="empty until every rubric point has its mark, but for those who mark"
    )

    feedback = serializers.SerializerMethodField(
        help_text="of an open answer; null before it is graded, and while its attempt is running"
    )
    rejudged = serializers.SerializerMethodField(
        help_text="null unless it was judged again and has another result since"
    )
    grade = serializers.SerializerMethodField(help_text="the machine's grade, for those who mark; else null")

    class Meta(SubmissionSerializer.Meta):
        fields = (
            *SubmissionSerializer.Meta.fields,
            "source",
            "message",
            "compiler_output",
            "device",
            "driver",
            "timer",
            "guarantees",
            "cases",
            "slowest_cpu_s",
            "largest_peak_bytes",
            "metrics",
            "exhibits",
            "marks",
            "feedback",
            "grade",
            "rejudged",
        )
        read_only_fields = fields

    def get_message(self, submission: Submission) -> str:
        return message_of(submission)

    def get_slowest_cpu_s(self, submission: Submission) -> float | None:
        over = submission.stage in FINAL_STAGES
        return max((case.cpu_s for case in submission.cases.all()), default=None) if over else None

    def get_largest_peak_bytes(self, submission: Submission) -> int | None:
        over = submission.stage in FINAL_STAGES
        return max((case.peak_bytes for case in submission.cases.all()), default=None) if over else None

    @extend_schema_field(MarkSerializer(many=True))
    def get_marks(self, submission: Submission) -> Any:
        if not is_marked(submission) and not may_review(self.context["request"].user):
            return []
        return MarkSerializer(submission.marks.all(), many=True).data

    @extend_schema_field(FeedbackSerializer(allow_null=True))
    def get_feedback(self, submission: Submission) -> Any:
        feedback = feedback_on(submission)
        return FeedbackSerializer(feedback).data if feedback else None

    @extend_schema_field(RejudgedSerializer(allow_null=True))
    def get_rejudged(self, submission: Submission) -> Any:
        told = changes_told([submission]).get(submission.pk)
        return RejudgedSerializer(told).data if told else None

    @extend_schema_field(GradeSerializer(allow_null=True))
    def get_grade(self, submission: Submission) -> Any:
        if not may_review(self.context["request"].user):
            return None
        grade = grade_of(submission)
        return GradeSerializer(grade).data if grade else None


class RunStartedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()


class SampleRunSerializer(serializers.Serializer[Any]):
    """`verdict` is null where nothing was expected and the run ended well."""

    name = serializers.CharField()
    verdict = serializers.ChoiceField(VERDICTS, allow_null=True)
    output = serializers.CharField(allow_blank=True)
    expected = serializers.CharField(allow_null=True)
    stdout = serializers.CharField(allow_blank=True)
    stderr = serializers.CharField(allow_blank=True)
    cpu_s = serializers.FloatField()
    wall_s = serializers.FloatField()
    peak_bytes = serializers.IntegerField()
    message = serializers.CharField(allow_blank=True)


class RunSerializer(serializers.Serializer[Any]):
    """`error` is "input" where the own input makes no sense, "internal" where we failed; null else."""

    done = serializers.BooleanField()
    runs = SampleRunSerializer(many=True)
    error = serializers.CharField(allow_null=True)
    message = serializers.CharField(allow_blank=True)
