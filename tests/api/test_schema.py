"""The OpenAPI document is valid, is the one in docs/, and leaves nothing of the API out."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.yaml"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMMITTED.read_text())
    return loaded


def addresses(patterns: list[URLPattern | URLResolver], before: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, path)
        else:
            found.append(path)
    return found


def test_the_document_in_docs_is_the_one_that_is_served(db: None, document: dict[str, Any]) -> None:
    served = Client().get("/api/schema/", headers={"accept": "application/vnd.oai.openapi"})
    assert served.status_code == 200
    assert yaml.safe_load(served.content) == document, "run: manage.py spectacular --file docs/openapi.yaml"


def test_the_command_writes_the_same_bytes_without_a_warning() -> None:
    written = io.StringIO()
    call_command("spectacular", fail_on_warn=True, stdout=written)
    assert written.getvalue().strip() == COMMITTED.read_text().strip()


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validate_schema(document)


def test_every_address_of_the_api_is_described(document: dict[str, Any]) -> None:
    described = sorted(re.sub(r"{\w+}", "*", path) for path in document["paths"])
    real = [
        "/" + re.sub(r"\(\?P<.*?\)|<.*?>", "*", path).replace("^", "").replace("$", "")
        for path in addresses(get_resolver().url_patterns)
        if path.startswith("api/v1/")
    ]
    assert sorted(real) == described


def test_every_operation_has_a_summary_and_its_errors(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            operation = item[method]
            assert operation["summary"], (path, method)
            assert {"400", "401", "406"} <= operation["responses"].keys(), (path, method)
            assert any(code.startswith("2") for code in operation["responses"]), (path, method)


def test_the_interactive_docs_open(db: None) -> None:
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    assert b"swagger" in page.content
