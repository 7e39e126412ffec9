"""A sound package is read whole; every fault is told with its file and line, all of them at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from questionbank.packages.errors import PackageError
from questionbank.packages.model import DeviceNeed, DeviceWish, Kind, Reference
from questionbank.packages.reader import read_package
from tests.packages.writing import TOUCHSTONE, write_package


def faults(folder: Path) -> list[str]:
    with pytest.raises(PackageError) as caught:
        read_package(folder)
    return [str(finding) for finding in caught.value.findings]


def test_a_sound_package_is_read_whole(tmp_path: Path) -> None:
    package = read_package(write_package(tmp_path))
    assert (package.slug, package.kind, package.names["zh"]) == ("example", Kind.FUNCTION, "示例")
    assert [test.name for test in package.samples()] == ["1"]
    assert package.tests[3].args == (10**30,)
    assert package.limits.wall_time_s == 5
    assert [submission.expected for submission in package.submissions] == ["AC"]


def test_a_package_may_want_a_device_and_high_assurance(tmp_path: Path) -> None:
    function = {**TOUCHSTONE["function"], "runtime": "ml"}
    wishes = {"device": "gpu", "device_memory_mib": 4096, "assurance": "high", "function": function}
    package = read_package(write_package(tmp_path / "a", touchstone=wishes))
    assert package.device == DeviceNeed(DeviceWish.GPU, 4096)
    assert package.needs_gpu
    assert package.high_assurance
    plain = read_package(write_package(tmp_path / "b"))
    assert (plain.device, plain.needs_gpu, plain.high_assurance) == (None, False, False)


GUIDANCE: dict[str, Any] = {
    "difficulty_reason": {"en": "One rule.", "zh": "一条规则。"},
    "prerequisites": {"en": "Addition.", "zh": "加法。"},
    "references": [{"title": "On sums", "url": "https://example.org/sums?a=1&b=2"}],
}


def test_a_package_may_say_why_it_is_difficult_what_to_know_and_what_to_read(tmp_path: Path) -> None:
    package = read_package(write_package(tmp_path / "a", touchstone=GUIDANCE))
    assert package.difficulty_reason == GUIDANCE["difficulty_reason"]
    assert package.prerequisites == GUIDANCE["prerequisites"]
    assert package.references == (Reference("On sums", "https://example.org/sums?a=1&b=2"),)
    plain = read_package(write_package(tmp_path / "b"))
    assert (plain.difficulty_reason, plain.prerequisites, plain.references) == (None, None, ())


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "ftp://example.org/a", "//example.org", "https://", "https://a b", "http://a\n"],
)
def test_a_reference_leads_to_a_web_address_only(tmp_path: Path, url: str) -> None:
    found = faults(write_package(tmp_path, touchstone={"references": [{"title": "x", "url": url}]}))
    assert any("references.0.url" in fault for fault in found), found


def test_the_content_hash_changes_with_any_file_and_with_nothing_else(tmp_path: Path) -> None:
    first = read_package(write_package(tmp_path / "a")).content_hash
    assert read_package(write_package(tmp_path / "b")).content_hash == first
    changed = write_package(tmp_path / "c", files={"editorial.en.md": "Multiply!"})
    assert read_package(changed).content_hash != first


@pytest.mark.parametrize(
    ("document", "change", "said"),
    [
        ("problem", {"limits": {"time_limit": -1}}, "problem.yaml:5: limits.time_limit"),
        ("problem", {"name": {"en": "only English"}}, "'zh' is a required property"),
        ("problem", {"colour": "red"}, "'colour' was unexpected"),
        ("touchstone", {"kind": "quiz"}, "'quiz' is not one of"),
        ("touchstone", {"topics": []}, "topics"),
        ("touchstone", {"choice": {"options": []}}, "choice"),
        ("touchstone", {"prerequisites": {"en": "only English"}}, "'zh' is a required property"),
        ("touchstone", {"device": "tpu"}, "'tpu' is not one of ['any', 'gpu']"),
        ("touchstone", {"device": "gpu"}, "functions with `runtime: ml`"),
        ("touchstone", {"device_memory_mib": 100}, "says nothing without `device`"),
        ("touchstone", {"assurance": "highest"}, "'highest' is not one of"),
        ("touchstone", {"function": {**TOUCHSTONE["function"], "returns": "list[int"}}, "ends too early"),
        (
            "touchstone",
            {"function": {**TOUCHSTONE["function"], "returns": "ndarray"}},
            "needs `runtime: numpy`",
        ),
    ],
)
def test_a_fault_in_a_document_names_it(
    tmp_path: Path, document: str, change: dict[str, Any], said: str
) -> None:
    found = faults(write_package(tmp_path, **{document: change}))
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"statement/problem.zh.md": None}, "statement/problem.zh.md: is missing"),
        ({"data/secret/cases.jsonl": None}, "data/secret: holds no test"),
        ({"data/secret/cases.jsonl": '{"name": "a", "args": []}'}, "data/secret/cases.jsonl:1: 'expected'"),
        ({"data/secret/cases.jsonl": '\n{"name": 1'}, "data/secret/cases.jsonl:2: not valid JSON"),
        ({"data/sample/cases.jsonl": '{"name": "a", "args": [1, 2], "expected": 1}'}, "has 2 arguments"),
        ({"submissions/accepted/double.py": None}, "holds no reference solution"),
        ({"submissions/right/x.py": "pass"}, "submissions lie in one of"),
        ({"notes.txt": "hm"}, "notes.txt: is not a part"),
        ({"hints/2.en.md": "x", "hints/2.zh.md": "x"}, "numbered from 1"),
        ({"hints/1.en.md": "x"}, "hints/1.zh.md: is missing"),
        ({"problem.yaml": "a: 1\na: 2"}, "problem.yaml:2: not valid YAML: the key 'a' is given twice"),
        ({"problem.yaml": "a: &x [1]\nb: *x"}, "aliases are not allowed"),
        ({"problem.yaml": "!!python/object:os.system {}"}, "could not determine a constructor"),
        ({"data/secret/g/test_group.yaml": "max_score: 5"}, "a group without tests"),
    ],
)
def test_a_fault_in_a_file_names_it(tmp_path: Path, files: dict[str, str | None], said: str) -> None:
    found = faults(write_package(tmp_path, files=files))
    assert any(said in fault for fault in found), found


def test_links_are_refused(tmp_path: Path) -> None:
    folder = write_package(tmp_path)
    (folder / "statement" / "link.md").symlink_to("/etc/passwd")
    assert "no regular file" in "\n".join(faults(folder))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = faults(write_package(tmp_path, problem={"uuid": "x"}, touchstone={"expected_minutes": 0}))
    assert len(found) == 2


def test_groups_earn_points(tmp_path: Path) -> None:
    case = '{"name": "g", "args": [3], "expected": 6}'
    files = {"data/secret/large/cases.jsonl": case, "data/secret/large/test_group.yaml": "max_score: 40"}
    package = read_package(write_package(tmp_path, files=files))
    assert [(group.name, group.points) for group in package.groups] == [("secret/large", 40.0)]
    assert package.tests[-1].group == "secret/large"


BOTH = {"en": "x", "zh": "x"}


def open_package(parent: Path, points: list[dict[str, Any]], answers: list[dict[str, Any]] | None) -> Path:
    rubric = {"points": points, "model_answer": BOTH}
    files: dict[str, str | None] = {
        "touchstone.yaml": "kind: open\ntopics: [ethics]\ndifficulty: easy\nexpected_minutes: 5\n",
        "rubric.yaml": json.dumps(rubric),
        "graded.yaml": json.dumps({"answers": answers}) if answers else None,
        "data/sample/cases.jsonl": None,
        "data/secret/cases.jsonl": None,
        "submissions/accepted/double.py": None,
    }
    return write_package(parent, files=files)


def test_a_rubric_weighs_one(tmp_path: Path) -> None:
    folder = open_package(tmp_path, [{"id": "a", "weight": 0.5, "statement": BOTH}], None)
    assert any("the weights sum to 0.5" in fault for fault in faults(folder))


def test_graded_answers_come_with_the_score_of_their_points(tmp_path: Path) -> None:
    points = [{"id": name, "weight": 0.25, "statement": BOTH} for name in ("a", "b", "c", "d")]
    points[0]["paraphrases"] = {"en": ["y", "z"]}
    answer = {"language": "en", "text": "y", "points": {"a": "met", "b": "partly"}}
    package = read_package(open_package(tmp_path, points, [answer]))
    assert package.open is not None
    assert package.open.points[0].paraphrases == {"en": ("y", "z")}
    (graded,) = package.open.graded
    assert (graded.score, graded.points["b"], graded.points["d"]) == (0.375, "partly", "not_met")


def test_a_graded_answer_names_points_of_the_rubric(tmp_path: Path) -> None:
    answer = {"language": "en", "text": "y", "points": {"b": "met"}}
    folder = open_package(tmp_path, [{"id": "a", "weight": 1, "statement": BOTH}], [answer])
    assert "graded.yaml: the rubric has no point b" in faults(folder)
