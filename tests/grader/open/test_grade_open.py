"""`manage.py grade_open` reads any file of graded answers and says how well they are graded."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from grader.open.datasets import UnreadableDataset, read_dataset
from tests.grader.open.bank import questions
from tests.models import installed


def rows() -> list[dict[str, Any]]:
    """The bank's graded answers as a data set on a scale from 0 to 5."""
    return [
        {
            "question": question.prompt[answer.language],
            "desired_answer": question.model_answer[answer.language],
            "student_answer": answer.text,
            "score_avg": round(5 * answer.score, 2),
        }
        for question in questions().values()
        for answer in question.graded
    ]


def written(folder: Path, found: list[dict[str, Any]], name: str) -> Path:
    path = folder / name
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in found), "utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            separator = "\t" if path.suffix == ".tsv" else ","
            writer = csv.DictWriter(file, fieldnames=list(found[0]), delimiter=separator)
            writer.writeheader()
            writer.writerows(found)
    return path


def test_the_bank_s_own_answers_are_graded_better_than_by_similarity(tmp_path: Path, settings: Any) -> None:
    settings.DATA_ROOT = installed("sentence-encoder")
    output = io.StringIO()
    path = written(tmp_path, rows()[::2], "answers.csv")
    call_command("grade_open", "--dataset", path, "--json", stdout=output)
    found = json.loads(output.getvalue())
    assert (found["n"], found["scale"], found["questions"]) == (84, 5, 24)
    assert found["pearson"] > max(item["pearson"] for item in found["baselines"].values())
    assert {"pearson", "rmse", "qwk", "macro_f1", "coverage", "n"} <= found.keys()
    assert [point["coverage"] for point in found["coverage"]] == [1, 0.9, 0.8, 0.7, 0.6, 0.5]
    assert found["coverage"][0]["rmse"] == found["rmse"]


@pytest.mark.parametrize("name", ["answers.csv", "answers.tsv", "answers.jsonl"])
def test_every_form_of_file_holds_the_same(tmp_path: Path, name: str) -> None:
    dataset = read_dataset(written(tmp_path, rows(), name))
    assert (len(dataset.rows), dataset.scale, dataset.step, dataset.left_out) == (168, 5, 1, 0)
    assert dataset.rows[0].references == (rows()[0]["desired_answer"],)


def test_columns_of_any_name_may_be_named(tmp_path: Path) -> None:
    odd = [
        {"Frage": row["question"], "A1": row["student_answer"], "Note": row["score_avg"]} for row in rows()
    ]
    path = written(tmp_path, odd, "odd.csv")
    dataset = read_dataset(path, columns={"question": "Frage", "answer": "A1", "score": "Note"})
    assert dataset.rows[3].answer == rows()[3]["student_answer"]
    assert dataset.rows[3].references == ()
    with pytest.raises(UnreadableDataset, match="has no column for the answer"):
        read_dataset(path)


def test_two_way_labels_are_scores(tmp_path: Path) -> None:
    labelled = [
        {"question": row["question"], "answer": row["student_answer"], "label": label}
        for row, label in zip(rows(), random.Random(7).choices(["correct", "incorrect"], k=168), strict=True)
    ]
    dataset = read_dataset(written(tmp_path, labelled, "labels.csv"))
    assert (dataset.scale, dataset.step) == (1, 1)
    assert {row.score for row in dataset.rows} == {0, 1}


def test_one_question_under_two_numbers_stays_one_question(tmp_path: Path) -> None:
    twice = [{"q_id": number, "question": "Why?", "answer": "x", "score": number % 2} for number in range(4)]
    dataset = read_dataset(written(tmp_path, twice, "twice.csv"))
    assert len({row.question_id for row in dataset.rows}) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("question,answer,score\nq,a,good\n", "no row with an answer's score"),
        ("answer,score\na,1\n", "to which question"),
        ("question,answer,score\nq,a,1\n", "1 question is too few"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(
    tmp_path: Path, text: str, said: str, settings: Any
) -> None:
    settings.DATA_ROOT = installed("sentence-encoder")
    path = tmp_path / "bad.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(CommandError, match=said):
        call_command("grade_open", "--dataset", path)
