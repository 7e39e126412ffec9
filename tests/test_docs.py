"""The documents keep up: what can be set, called or written has its words, and no link points nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from fixtures.recipes.catalogue import RECIPES
from grader.judge.measures import MEASURES
from grader.verdict import Stage, Verdict
from questionbank.packages.languages import LANGUAGES
from questionbank.packages.reader import EXPECTED_VERDICTS
from questionbank.packages.schemas import CASE, PROBLEM, RUBRIC, TEST_GROUP, TOUCHSTONE

HOME = Path(__file__).resolve().parent.parent
DOCS = HOME / "docs"
ROOMS = ("sandbox", "questionbank", "grader", "interviews", "deploy", "fixtures")
DOCUMENTS = [
    *sorted(DOCS.glob("*.md")),
    HOME / "README.md",
    HOME / "CHANGELOG.md",
    HOME / "frontend" / "README.md",
]
# Django's, Python's and a cluster's own.
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "PYTHONPATH", "KUBERNETES_SERVICE_HOST"}

Names = pytest.mark.parametrize


@cache
def text(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def cells(document: str) -> set[str]:
    """Everything in backticks in the first column of the document's tables."""
    rows = re.findall(r"^\| ([^|]*) \|", text(document), re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def sources() -> Iterator[Path]:
    yield HOME / "manage.py"
    for room in ROOMS:
        yield from (
            path for path in (HOME / room).rglob("*.py") if HOME / "fixtures" / "problems" not in path.parents
        )


def settings_read() -> set[str]:
    """Every environment variable that some line asks for by name."""
    asked = re.compile(
        r"""(?:\benv|Env\(\))\.\w+\(\s*["']([A-Z][A-Z0-9_]+)["']"""
        r"""|environ(?:\.get|\.setdefault|\.pop)?[\[(]\s*["']([A-Z][A-Z0-9_]+)["']"""
        r"""|getenv\(\s*["']([A-Z][A-Z0-9_]+)["']"""
    )
    found = {
        name
        for path in sources()
        for match in asked.findall(path.read_text("utf-8"))
        for name in match
        if name
    }
    return found - NOT_OURS


def commands() -> list[str]:
    return sorted(path.stem for path in HOME.glob("*/management/commands/*.py") if path.stem != "__init__")


def keys(schema: Any) -> set[str]:
    """Every key that a document of this schema may hold, at any depth; languages of texts left out."""
    if isinstance(schema, list):
        return {key for item in schema for key in keys(item)}
    if not isinstance(schema, dict):
        return set()
    found = {key for value in schema.values() for key in keys(value)}
    properties = schema.get("properties")
    return found | (set(properties) - {"en", "zh"} if isinstance(properties, dict) else set())


def requirements(name: str) -> set[str]:
    """The packages that a requirements file names itself."""
    lines = (HOME / name).read_text().splitlines()
    return {
        found.group()
        for line in lines
        if (found := re.match(r"[A-Za-z0-9_.-]+", line)) and not line.startswith("-")
    }


def frontend_packages() -> set[str]:
    package = json.loads((HOME / "frontend" / "package.json").read_text())
    return {*package["dependencies"], *package["devDependencies"]}


def api_routes() -> set[str]:
    """Addresses below /api/v1/, with `{id}` or `{slug}` where something is named."""
    found = set()

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif path.startswith("api/v1/"):
                found.add(_as_written(path.removeprefix("api/v1/")))

    walk(get_resolver().url_patterns, "")
    return found


def _as_written(path: str) -> str:
    path = re.sub(r"\(\?P<slug>[^)]*\)|<[a-z]+:slug>", "{slug}", path.replace("^", "").replace("$", ""))
    return "/" + re.sub(r"\(\?P<\w+>[^)]*\)|<[a-z]+:\w+>", "{id}", path).replace("\\Z", "")


def slug_of(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def links() -> list[tuple[str, str]]:
    """(document, target) of every link and image that points into the repository."""
    found = []
    for document in DOCUMENTS:
        prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not re.match(r"[a-z]+:", target):
                found.append((str(document.relative_to(HOME)), target))
    return found


@Names("name", sorted(settings_read()))
def test_a_setting_has_its_row(name: str) -> None:
    assert name in cells("operator.md") or f"`{name}`" in text("operator.md")


def test_no_row_names_a_setting_that_nothing_reads() -> None:
    documented = {name for name in cells("operator.md") if re.fullmatch(r"[A-Z][A-Z0-9_]+", name)}
    assert documented - settings_read() <= {"PIP_INDEX_URL"}


def test_every_service_has_its_row() -> None:
    named = re.compile(r"""(?:\bService|_worker)\(\s*"([a-z-]+)\"""")
    started = {name for path in (HOME / "deploy").glob("*.py") for name in named.findall(path.read_text())}
    assert {"broker", "sandbox", "worker", "web"} <= started
    assert started <= set(re.findall(r"^\| ([a-z-]+) \|", text("operator.md"), re.MULTILINE))


@Names("verdict", list(Verdict))
def test_a_verdict_is_explained_to_candidates_and_to_programs(verdict: Verdict) -> None:
    assert re.search(rf"^\| {verdict} ", text("candidate.md"), re.MULTILINE)
    assert verdict in cells("api.md")


@Names("stage", list(Stage))
def test_a_stage_is_explained_to_programs(stage: Stage) -> None:
    assert f"`{stage}`" in text("api.md")


@Names("language", sorted(LANGUAGES))
def test_a_language_has_its_row(language: str) -> None:
    assert language in cells("problem-package.md")


@Names("command", commands())
def test_a_management_command_is_told_of(command: str) -> None:
    assert any(f"manage.py {command}" in document.read_text("utf-8") for document in DOCUMENTS)


@Names("target", re.search(r"^\.PHONY: (.*)$", (HOME / "Makefile").read_text(), re.MULTILINE)[1].split())  # type: ignore[index]
def test_a_target_of_make_is_told_of(target: str) -> None:
    assert target == "help" or any(f"make {target}" in document.read_text("utf-8") for document in DOCUMENTS)


@Names("key", sorted(keys([PROBLEM, TOUCHSTONE, RUBRIC, TEST_GROUP, CASE])))
def test_a_key_of_a_package_is_shown(key: str) -> None:
    assert re.search(rf"\b{key}\b", text("problem-package.md"))


@Names("folder", sorted(EXPECTED_VERDICTS))
def test_a_folder_of_submissions_is_shown(folder: str) -> None:
    assert f"{folder}/" in text("problem-package.md")


@Names("measure", sorted(MEASURES))
def test_a_measure_has_its_row(measure: str) -> None:
    assert measure in cells("problem-package.md")


@Names("recipe", sorted(RECIPES))
def test_a_recipe_has_its_row(recipe: str) -> None:
    assert recipe in cells("models-and-data.md")


@Names("route", sorted(api_routes()))
def test_an_address_of_the_api_has_its_row(route: str) -> None:
    assert f"{route}`" in text("api.md") or f" {route} " in text("api.md")


def test_every_direct_dependency_has_its_line_and_no_other_has() -> None:
    named = requirements("requirements.in") | requirements("requirements-dev.in") | frontend_packages()
    rows = re.findall(r"^\| ([a-zA-Z@][^|]*) \|", text("dependencies.md"), re.MULTILINE)
    assert {name for row in rows for name in row.split(", ")} - {"package"} == named


@Names(("document", "target"), links())
def test_a_link_points_somewhere(document: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = (HOME / document).parent / path if path else HOME / document
    assert found.exists()
    if anchor:
        headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), re.MULTILINE)
        assert anchor in {slug_of(heading) for heading in headings}


def test_the_documents_that_code_refers_to_are_there() -> None:
    named = {
        name
        for path in sources()
        for name in re.findall(r"(?<![\w/])docs/[\w-]+\.md", path.read_text("utf-8"))
    }
    assert {name for name in named if not (HOME / name).exists()} == set()


@Names("document", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_the_index_names_every_document(document: Path) -> None:
    assert document.name == "README.md" or f"({document.name})" in text("README.md")


def test_every_image_is_shown_somewhere() -> None:
    shown = {target.rpartition("/")[2] for _, target in links()}
    assert {image.name for image in (DOCS / "images").iterdir()} <= shown
