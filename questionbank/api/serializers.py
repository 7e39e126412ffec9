"""What the API says of problems. Hidden tests, answers, editorials and rubric points are not among it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from questionbank.data import missing_data
from questionbank.models import ProblemVersion, Topic
from questionbank.offering import offered
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import Difficulty, Kind, Package, TestCase


class LocalisedSerializer(serializers.Serializer[Any]):
    """A text in both languages, Markdown where it is long."""

    en = serializers.CharField()
    zh = serializers.CharField()


class TopicSerializer(serializers.ModelSerializer[Topic]):
    class Meta:
        model = Topic
        fields = ("slug", "name_en", "name_zh")


class ProblemSerializer(serializers.ModelSerializer[ProblemVersion]):
    """One line of the catalogue."""

    slug = serializers.CharField(source="problem.slug")
    name = serializers.SerializerMethodField()
    kind = serializers.ChoiceField([kind.value for kind in Kind])
    difficulty = serializers.ChoiceField([difficulty.value for difficulty in Difficulty])
    topics: serializers.RelatedField[Any, Any, Any] = serializers.SlugRelatedField(
        slug_field="slug", many=True, read_only=True
    )
    version = serializers.IntegerField(source="number")
    expected_minutes = serializers.IntegerField()

    class Meta:
        model = ProblemVersion
        fields = (
            "slug",
            "version",
            "name",
            "kind",
            "difficulty",
            "expected_minutes",
            "topics",
            "tags",
            "languages",
        )

    @extend_schema_field(LocalisedSerializer)
    def get_name(self, version: ProblemVersion) -> dict[str, str]:
        return {"en": version.name_en, "zh": version.name_zh}


class LimitsSerializer(serializers.Serializer[Any]):
    time_limit_s = serializers.FloatField(help_text="seconds of CPU for each test")
    wall_time_s = serializers.FloatField()
    memory_mib = serializers.IntegerField()
    output_mib = serializers.IntegerField()


class SampleSerializer(serializers.Serializer[Any]):
    """Functions have `args` and `expected`, programs `input` and `answer`."""

    name = serializers.CharField()
    args = serializers.JSONField(required=False)
    expected = serializers.JSONField(required=False)
    input = serializers.CharField(required=False)
    answer = serializers.CharField(required=False)
    explanation = LocalisedSerializer(required=False, allow_null=True)


class ParameterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()


class FunctionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    parameters = ParameterSerializer(many=True)
    returns = serializers.CharField()


class MetricSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = LocalisedSerializer()
    direction = serializers.ChoiceField(["min", "max"], help_text="min: at least the threshold; max: at most")
    threshold = serializers.FloatField()
    unit = serializers.CharField(allow_blank=True)
    baseline = serializers.FloatField(allow_null=True)


class OptionSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = LocalisedSerializer()


class AnswerLanguageSerializer(serializers.Serializer[Any]):
    """A language that answers can be written in on this installation."""

    key = serializers.CharField()
    name = serializers.CharField()
    starter = serializers.CharField(help_text="what an editor opens with")


class ProblemDetailSerializer(ProblemSerializer):
    """A problem as a candidate may see it before answering."""

    statement = serializers.SerializerMethodField()
    limits = serializers.SerializerMethodField()
    starter = serializers.SerializerMethodField()
    answer_languages = serializers.SerializerMethodField()
    samples = serializers.SerializerMethodField()
    function = serializers.SerializerMethodField()
    metrics = serializers.SerializerMethodField()
    options = serializers.SerializerMethodField()
    multiple = serializers.SerializerMethodField()
    license = serializers.SerializerMethodField()
    needs_gpu = serializers.SerializerMethodField()
    missing_data = serializers.SerializerMethodField()
    difficulty_reason = serializers.SerializerMethodField()
    prerequisites = serializers.SerializerMethodField()

    class Meta(ProblemSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *ProblemSerializer.Meta.fields,
            "statement",
            "limits",
            "starter",
            "answer_languages",
            "samples",
            "function",
            "metrics",
            "options",
            "multiple",
            "license",
            "needs_gpu",
            "missing_data",
            "difficulty_reason",
            "prerequisites",
        )

    def _package(self) -> Package:
        package: Package = self.context["package"]
        return package

    @extend_schema_field(LocalisedSerializer)
    def get_statement(self, _: ProblemVersion) -> Any:
        return self._package().statements

    @extend_schema_field(LimitsSerializer)
    def get_limits(self, _: ProblemVersion) -> Any:
        return LimitsSerializer(self._package().limits).data

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_starter(self, _: ProblemVersion) -> Any:
        return self._package().starter

    @extend_schema_field(AnswerLanguageSerializer(many=True))
    def get_answer_languages(self, _: ProblemVersion) -> Any:
        package = self._package()
        return [
            {"key": key, "name": LANGUAGES[key].name, "starter": package.starter.get(key, "")}
            for key in offered(package)
            if key in LANGUAGES
        ]

    @extend_schema_field(SampleSerializer(many=True))
    def get_samples(self, _: ProblemVersion) -> Any:
        return [_sample(self._package(), test) for test in self._package().samples()]

    @extend_schema_field(FunctionSerializer(allow_null=True))
    def get_function(self, _: ProblemVersion) -> Any:
        function = self._package().function
        return FunctionSerializer(function).data if function else None

    @extend_schema_field(MetricSerializer(many=True))
    def get_metrics(self, _: ProblemVersion) -> Any:
        artifact = self._package().artifact
        return MetricSerializer(artifact.metrics, many=True).data if artifact else []

    @extend_schema_field(OptionSerializer(many=True))
    def get_options(self, _: ProblemVersion) -> Any:
        choice = self._package().choice
        return OptionSerializer(choice.options, many=True).data if choice else []

    @extend_schema_field(serializers.BooleanField(help_text="whether several options may be chosen"))
    def get_multiple(self, _: ProblemVersion) -> bool:
        choice = self._package().choice
        return bool(choice and choice.multiple)

    @extend_schema_field(serializers.CharField())
    def get_license(self, _: ProblemVersion) -> str:
        return self._package().license

    @extend_schema_field(serializers.BooleanField(help_text="an installation without a GPU refuses answers"))
    def get_needs_gpu(self, _: ProblemVersion) -> bool:
        return self._package().needs_gpu

    @extend_schema_field(
        serializers.ListField(
            child=serializers.CharField(), help_text="models and data not installed here: answers are refused"
        )
    )
    def get_missing_data(self, _: ProblemVersion) -> tuple[str, ...]:
        return missing_data(self._package())

    @extend_schema_field(LocalisedSerializer(allow_null=True, help_text="why it is as difficult as it says"))
    def get_difficulty_reason(self, _: ProblemVersion) -> Any:
        return self._package().difficulty_reason

    @extend_schema_field(LocalisedSerializer(allow_null=True, help_text="what one should know before"))
    def get_prerequisites(self, _: ProblemVersion) -> Any:
        return self._package().prerequisites


def _sample(package: Package, test: TestCase) -> dict[str, Any]:
    sample: dict[str, Any] = {"name": test.name, "explanation": test.explanation}
    if package.function:
        return sample | {"args": list(test.args), "expected": test.expected}
    return sample | {
        "input": test.shown_input().decode(errors="replace"),
        "answer": test.shown_answer().decode(errors="replace"),
    }
