"""Questions of QTI by others, and problems in Deep-ML's shape."""

# ruff: noqa: E501 - items as they come
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.gate.bringing import bring
from questionbank.exchange.importing import Imported, Staged
from questionbank.exchange.reading import read_data
from sandbox.client import Sandbox
from tests.exchange.test_hostile_packages import archive_of

CHOICE_2_1 = """<?xml version="1.0" encoding="UTF-8"?>
<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="Q_7" title="Sums" adaptive="false"
    timeDependent="false">
  <responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier">
    <correctResponse><value>B</value></correctResponse>
  </responseDeclaration>
  <itemBody>
    <p>Which is <strong>four</strong>?</p>
    <choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="1">
      <prompt>Take one.</prompt>
      <simpleChoice identifier="A">1 + 1<feedbackInline identifier="A" outcomeIdentifier="F">Two.</feedbackInline>
      </simpleChoice>
      <simpleChoice identifier="B">2 + 2</simpleChoice>
    </choiceInteraction>
  </itemBody>
</assessmentItem>"""
OPEN_3 = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="why" title="Why?">
  <qti-item-body><p>为什么要量化模型？</p><qti-extended-text-interaction response-identifier="RESPONSE"/>
  <qti-rubric-block use="scoring" view="scorer"><p>内存更少。</p></qti-rubric-block></qti-item-body>
</qti-assessment-item>"""


def only(data: str | bytes, name: str, folder: Path, sandbox: Sandbox) -> Staged | Imported:
    body = data.encode() if isinstance(data, str) else data
    folder.mkdir(exist_ok=True)
    (found,) = bring(read_data(body, name), folder, lambda: sandbox)
    return found


def test_a_choice_of_version_2_1_is_read_with_its_feedback(tmp_path: Path, sandbox: Sandbox) -> None:
    data = archive_of(("imsmanifest.xml", b"<manifest/>"), ("q.xml", CHOICE_2_1.encode()))
    found = only(data, "quiz.zip", tmp_path / "in", sandbox)
    assert isinstance(found, Staged), found
    choice = found.package.choice
    assert choice
    assert (found.package.slug, choice.multiple, choice.shuffle) == ("q-7", False, True)
    assert [(one.id, one.correct, one.text["en"]) for one in choice.options] == [
        ("a", False, "1 + 1"),
        ("b", True, "2 + 2"),
    ]
    assert choice.options[0].explanation["en"] == "Two."
    assert found.package.statements["en"].split() == ["Which", "is", "**four**?", "Take", "one."]


def test_an_open_question_in_chinese_is_known_to_lack_english(tmp_path: Path, sandbox: Sandbox) -> None:
    found = only(OPEN_3, "why.xml", tmp_path / "in", sandbox)
    assert isinstance(found, Staged), found
    assert found.package.untranslated == ("en",)
    assert found.package.open
    assert found.package.open.model_answer["zh"] == "内存更少。"
    assert "rubric is made" in found.draft.notices[0].message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (CHOICE_2_1.replace("choiceInteraction", "orderInteraction"), None, "asks by order-interaction"),
        (CHOICE_2_1.replace("<value>B</value>", ""), None, "no option that it is right"),
        (CHOICE_2_1.replace("</itemBody>", ""), 16, "not valid XML"),
        (CHOICE_2_1.replace("?>", "?><!DOCTYPE x [<!ENTITY y 'z'>]>", 1), None, "document type"),
        ("<a>" * 5000 + "</a>" * 5000, None, "nested too deeply"),
    ],
)
def test_an_item_that_cannot_be_held_is_refused_by_name(
    tmp_path: Path, sandbox: Sandbox, text: str, line: int | None, said: str
) -> None:
    found = only(text, "item.xml", tmp_path / "in", sandbox)
    assert isinstance(found, Imported)
    (finding,) = found.findings
    assert finding.path == "item.xml"
    assert said in finding.message
    assert finding.line == line


def model_record(**changes: Any) -> str:
    record = {
        "id": 3,
        "title": "Column means",
        "description": "The mean of each column.",
        "difficulty": "easy",
        "starter_code": "import numpy as np\n\ndef column_means(m):\n    pass\n",
        "solution": "import numpy as np\n\ndef column_means(m):\n    return np.asarray(m).mean(axis=0)\n",
        "test_cases": [
            {"test": "print(column_means([[1, 2], [3, 4]]))", "expected_output": "[2. 3.]"},
            {"test": "print(column_means([[0.5, 1]]))", "expected_output": "[0.5, 1.0]"},
        ],
    }
    return json.dumps(record | changes)


def test_a_model_problem_compares_arrays_and_never_printed_text(tmp_path: Path, sandbox: Sandbox) -> None:
    found = only(model_record(), "bank.json", tmp_path / "in", sandbox)
    assert isinstance(found, Staged), found
    function = found.package.function
    assert function
    assert (function.runtime, function.returns) == ("numpy", "ndarray[float64, 1]")
    assert function.numeric
    assert found.draft.notices == ()
    assert found.package.starter["python"].startswith("import numpy")


def test_a_test_that_prints_something_else_than_it_says_is_named(tmp_path: Path, sandbox: Sandbox) -> None:
    tests = [{"test": "print(column_means([[1, 2]]))", "expected_output": "[9. 9.]"}]
    found = only(model_record(test_cases=tests), "bank.json", tmp_path / "in", sandbox)
    assert isinstance(found, Staged), found
    assert "is said to print '[9. 9.]'" in found.draft.notices[0].message
