"""The form of problem.yaml and touchstone.yaml; keys that it does not know stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from questionbank.packages.editing import Changes, Contents, document, written
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.model import Kind
from questionbank.packages.schemas import TEXT_LANGUAGES, TOPICS, WEB_ADDRESS
from questionbank.packages.types import UnknownType, parse_type
from questionbank.pages.words import DIFFICULTY_NAMES

_PARAMETER = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*:\s*(.+?)\s*")
_OWN: Mapping[str, tuple[str, ...]] = {
    Kind.FUNCTION: ("function_name", "parameters", "returns", "runtime", "atol", "rtol"),
    Kind.PASS_FAIL: (
        "case_sensitive",
        "space_change_sensitive",
        "float_absolute_tolerance",
        "float_relative_tolerance",
    ),
}
_IN_BOTH = ("difficulty_reason", "prerequisites")
_WITHOUT_LANGUAGES = (Kind.CHOICE, Kind.OPEN)


class SettingsForm(forms.Form):
    difficulty = forms.ChoiceField(label=gettext_lazy("Difficulty"), choices=list(DIFFICULTY_NAMES.items()))
    expected_minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=1, max_value=600)
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Topics"),
        choices=[(topic, topic) for topic in TOPICS],
        widget=forms.CheckboxSelectMultiple,
    )
    tags = forms.CharField(
        label=gettext_lazy("Tags"), required=False, help_text=gettext_lazy("With commas between them.")
    )
    difficulty_reason_en = forms.CharField(
        label=gettext_lazy("Why this difficulty, English"), required=False, max_length=500
    )
    difficulty_reason_zh = forms.CharField(
        label=gettext_lazy("Why this difficulty, Chinese"), required=False, max_length=500
    )
    prerequisites_en = forms.CharField(
        label=gettext_lazy("Prerequisites, English"), required=False, max_length=500
    )
    prerequisites_zh = forms.CharField(
        label=gettext_lazy("Prerequisites, Chinese"), required=False, max_length=500
    )
    references = forms.CharField(
        label=gettext_lazy("References"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line: an address, a blank, a title."),
    )
    time_limit = forms.FloatField(label=gettext_lazy("Time limit, seconds of CPU"), min_value=0.01)
    memory = forms.IntegerField(label=gettext_lazy("Memory, MiB"), min_value=1)
    output = forms.IntegerField(label=gettext_lazy("Output, MiB"), min_value=1)
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages of answers"),
        choices=[(key, language.name) for key, language in LANGUAGES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    function_name = forms.RegexField(r"^[A-Za-z_][A-Za-z0-9_]*$", label=gettext_lazy("Function"))
    parameters = forms.CharField(
        label=gettext_lazy("Parameters"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono"}),
        help_text=gettext_lazy("One a line: a name, a colon, a type, such as scores: list[float]."),
    )
    returns = forms.CharField(label=gettext_lazy("Type of the result"))
    runtime = forms.ChoiceField(
        label=gettext_lazy("Runtime"), choices=[(name, name) for name in ("python", "numpy", "ml")]
    )
    atol = forms.FloatField(
        label=gettext_lazy("Absolute tolerance"),
        help_text=gettext_lazy("Both tolerances empty: results are compared exactly."),
        min_value=0,
        required=False,
    )
    rtol = forms.FloatField(label=gettext_lazy("Relative tolerance"), min_value=0, required=False)
    case_sensitive = forms.BooleanField(label=gettext_lazy("Capital letters count"), required=False)
    space_change_sensitive = forms.BooleanField(label=gettext_lazy("Spaces count"), required=False)
    float_absolute_tolerance = forms.FloatField(
        label=gettext_lazy("Absolute tolerance"), min_value=0, required=False
    )
    float_relative_tolerance = forms.FloatField(
        label=gettext_lazy("Relative tolerance"), min_value=0, required=False
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_fields = _OWN.get(kind, ())
        for own in _OWN.values():
            for name in own:
                if name not in self.own_fields:
                    del self.fields[name]
        if kind in _WITHOUT_LANGUAGES:
            del self.fields["languages"]

    @staticmethod
    def read(contents: Contents) -> dict[str, Any]:
        """The fields' values as the files have them."""
        problem, touchstone = document(contents, "problem.yaml"), document(contents, "touchstone.yaml")
        limits = _mapping(problem, "limits")
        languages = touchstone.get("languages", ["python"])
        function, checker = _mapping(touchstone, "function"), _mapping(touchstone, "checker")
        numeric = _mapping(function, "numeric")
        parameters = [one for one in function.get("parameters", []) if isinstance(one, dict)]
        references = [one for one in touchstone.get("references", []) if isinstance(one, dict)]
        return {
            **{key: touchstone.get(key) for key in ("difficulty", "expected_minutes", "topics")},
            "tags": ", ".join(map(str, touchstone.get("tags", []))),
            **{
                f"{key}_{language}": _mapping(touchstone, key).get(language)
                for key in _IN_BOTH
                for language in TEXT_LANGUAGES
            },
            "references": "\n".join(f"{one.get('url')} {one.get('title')}" for one in references),
            "time_limit": limits.get("time_limit", 2),
            "memory": limits.get("memory", 256),
            "output": limits.get("output", 8),
            "languages": list(LANGUAGES) if languages == "all" else languages,
            "function_name": function.get("name"),
            "parameters": "\n".join(f"{one.get('name')}: {one.get('type')}" for one in parameters),
            "returns": function.get("returns"),
            "runtime": function.get("runtime", "python"),
            "atol": numeric.get("atol"),
            "rtol": numeric.get("rtol"),
            **checker,
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for key in _IN_BOTH:
            missing = [one for one in TEXT_LANGUAGES if not given.get(f"{key}_{one}")]
            if len(missing) == 1:
                self.add_error(f"{key}_{missing[0]}", _("Write it in both languages, or in neither."))
        return given

    def clean_references(self) -> list[dict[str, str]]:
        found = []
        for line in filter(str.strip, self.cleaned_data["references"].splitlines()):
            url, _blank, title = line.strip().partition(" ")
            if not re.fullmatch(WEB_ADDRESS, url) or not title.strip():
                raise forms.ValidationError(
                    _("Begin each line with an address, http:// or https://, and write a title after it.")
                )
            found.append({"title": title.strip(), "url": url})
        return found

    def clean_parameters(self) -> list[dict[str, str]]:
        found = []
        for line in self.cleaned_data["parameters"].splitlines():
            match = _PARAMETER.fullmatch(line)
            if match is None and line.strip():
                raise forms.ValidationError(_("Write a name, a colon and a type on each line."))
            if match:
                _check_type(match.group(2))
                found.append({"name": match.group(1), "type": match.group(2)})
        return found

    def clean_returns(self) -> str:
        text: str = self.cleaned_data["returns"]
        _check_type(text)
        return text


def _check_type(text: str) -> None:
    try:
        parse_type(text)
    except UnknownType as error:
        raise forms.ValidationError(str(error)) from error


def _mapping(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def with_settings(contents: Contents, kind: str, form: SettingsForm) -> Changes:
    """The two documents as the form has them."""
    given = form.cleaned_data
    problem, touchstone = document(contents, "problem.yaml"), document(contents, "touchstone.yaml")
    limits = {key: given[key] for key in ("time_limit", "memory", "output")}
    problem |= {"limits": _mapping(problem, "limits") | limits}
    touchstone |= {key: given[key] for key in ("topics", "difficulty", "expected_minutes")}
    tags = [tag.strip() for tag in given["tags"].split(",") if tag.strip()]
    _put(touchstone, "tags", list(dict.fromkeys(tags)))
    for key in _IN_BOTH:
        texts = {language: given[f"{key}_{language}"] for language in TEXT_LANGUAGES}
        _put(touchstone, key, texts if all(texts.values()) else None)
    _put(touchstone, "references", given["references"])
    if "languages" in given:
        everything = set(given["languages"]) == set(LANGUAGES)
        touchstone["languages"] = "all" if everything else given["languages"]
    if kind == Kind.FUNCTION:
        touchstone["function"] = _mapping(touchstone, "function") | {
            "name": given["function_name"],
            "parameters": given["parameters"],
            "returns": given["returns"],
            "runtime": given["runtime"],
        }
        numeric = {key: given[key] for key in ("atol", "rtol") if given[key] is not None}
        _put(touchstone["function"], "numeric", numeric)
    elif kind == Kind.PASS_FAIL:
        checker = {name: given[name] for name in form.own_fields if given[name]}
        _put(touchstone, "checker", checker)
    return {"problem.yaml": written(problem), "touchstone.yaml": written(touchstone)}


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    """An empty value is left out."""
    if value:
        document[key] = value
    else:
        document.pop(key, None)
