"""`manage.py grade_open` reads any file of graded answers and says how well they are graded."""

from __future__ import annotations

import csv
import io
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from grader.open.datasets import Dataset, UnreadableDataset, read_dataset
from tests.grader.open.bank import questions
from tests.models import installed


@cache
def rows() -> list[dict[str, Any]]:
    """Graded answers of the bank as a data set on a scale from 0 to 5: those to questions with fourteen, as a
    dozen is enough."""
    return [
        {
            "question": question.prompt[answer.language],
            "desired_answer": question.model_answer[answer.language],
            "student_answer": answer.text,
            "score_avg": round(5 * answer.score, 2),
        }
        for question in questions().values()
        if len(question.graded) == 14
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
    assert (len(dataset.rows), dataset.scale, dataset.step, dataset.left_out) == (len(rows()), 5, 1, 0)
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
        for row, label in zip(
            rows(), random.Random(7).choices(["correct", "incorrect"], k=len(rows())), strict=True
        )
    ]
    dataset = read_dataset(written(tmp_path, labelled, "labels.csv"))
    assert (dataset.scale, dataset.step) == (1, 1)
    assert {row.score for row in dataset.rows} == {0, 1}


def test_one_question_under_two_numbers_stays_one_question(tmp_path: Path) -> None:
    twice = [{"q_id": number, "question": "Why?", "answer": "x", "score": number % 2} for number in range(4)]
    dataset = read_dataset(written(tmp_path, twice, "twice.csv"))
    assert len({row.question_id for row in dataset.rows}) == 1


def read(folder: Path, text: str | bytes, name: str = "answers.csv", **wanted: Any) -> Dataset:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_dataset(path, **wanted)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("marked.csv", '\ufeffquestion,answer,score\r\n"Why, 为什么？","a ""b"",\r\nc",1\r\n'.encode()),
        ("wide.csv", 'question;answer;score\n"Why, 为什么？";"a ""b"",\nc";1\n'.encode("utf-16")),
        ("list.json", json.dumps([{"question": "Why, 为什么？", "answer": 'a "b",\nc', "score": 1}])),
        ("none.csv", "question,answer,score,,\n" + '"Why, 为什么？","a ""b"",\nc",1,,\n'),
    ],
)
def test_quotes_line_ends_marks_and_other_scripts_are_read_as_they_are(
    tmp_path: Path, name: str, text: str | bytes
) -> None:
    row = read(tmp_path, text, name).rows[0]
    assert (row.question, row.answer, row.score) == ("Why, 为什么？", 'a "b",\nc', 1)


def test_a_file_that_knows_no_quotes_is_read_without_them(tmp_path: Path) -> None:
    text = 'question\tanswer\tscore\nWhy?\t"Because", I say\t1\nWhy?\t"So\t0\n'
    assert [row.answer for row in read(tmp_path, text, "answers.tsv").rows] == ['"Because", I say', '"So']


def test_commas_in_texts_do_not_hide_the_tabs_of_a_table_without_a_header(tmp_path: Path) -> None:
    text = "1\ta, b, c, d, e\t2\n1\ta\t3\n"
    dataset = read(tmp_path, text, "answers.csv", columns={"id": "1", "answer": "2", "score": "3"})
    assert [(row.answer, row.score) for row in dataset.rows] == [("a, b, c, d, e", 2), ("a", 3)]


@pytest.mark.parametrize(
    ("scores", "scale", "step", "read_as"),
    [
        (["0", "2.5", "5"], 5, 1, [0, 2.5, 5]),
        (["0", "0,25", "1"], 1, 0.25, [0, 0.25, 1]),
        (["0%", "12.5 %", "55%"], 100, 10, [0, 12.5, 55]),
        (["incorrect", "Correct", "partially correct"], 1, 0.5, [0, 1, 0.5]),
        (["错误", "正确", "部分正确"], 1, 0.5, [0, 1, 0.5]),
    ],
)
def test_numbers_percentages_and_labels_are_scores(
    tmp_path: Path, scores: list[str], scale: float, step: float, read_as: list[float]
) -> None:
    text = "question,answer,score\n" + "".join(f'q,a,"{score}"\n' for score in scores)
    dataset = read(tmp_path, text)
    assert (dataset.scale, dataset.step) == (scale, step)
    assert [row.score for row in dataset.rows] == read_as


def test_every_row_with_a_score_counts_twins_too(tmp_path: Path) -> None:
    text = "question,reference,answer,score\nq,r,a,1\nq,r,a,1\nq,,b,0\nq,r,c,\nq,r,d,n/a\n\nq,nan,,0\n"
    dataset = read(tmp_path, text)
    assert (len(dataset.rows), dataset.left_out) == (4, 2)
    assert [row.references for row in dataset.rows] == [("r",), ("r",), (), ()]


@pytest.mark.parametrize(
    ("columns", "answer", "references"),
    [
        ("question,reference_answer,provided_answer,score", "3", ("2",)),
        ("question,provided_answer,student answer,score", "3", ("2",)),
        ("question,answer,studentAnswer,score", "3", ("2",)),
        ("问题,参考答案,学生答案,得分", "3", ("2",)),
    ],
)
def test_answer_and_reference_are_told_apart_by_the_surer_name(
    tmp_path: Path, columns: str, answer: str, references: tuple[str, ...]
) -> None:
    row = read(tmp_path, f"{columns}\n1,2,3,4\n").rows[0]
    assert (row.question, row.answer, row.references) == ("1", answer, references)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "question,answer,score\nq,a,1\nq,a, b,0\n", "line 3: 4 cells, but line 1 has 3"),
        ("a.csv", 'question,answer,score\nq,"a\nb",1\nq,a\n', "line 4: 2 cells"),
        ("a.csv", 'question,answer,score\nq,a,1\nq,"a,1\nq,a\n', "line 3: a quotation mark has no partner"),
        ("a.csv", "question,answer,score\nq,a,1\nq,a,good\n", "line 3, column 'score': 'good' is neither"),
        ("a.csv", "question,answer,score\nq,a,4\nq,a,inf\n", "line 3, column 'score': 'inf' is neither"),
        ("a.csv", "question,answer,score\nq,a,4\nq,a,-1\n", "line 3, column 'score': -1 is below 0"),
        (
            "a.csv",
            "question,answer,score\nq,a,4\nq,a,correct\n",
            "'correct' is a label, but before it .* number",
        ),
        ("a.csv", "question,answer,score\nq,a,4\n,a,3\n", "line 3, column 'question': empty"),
        ("a.csv", "question,answer,answer,score\nq,a,b,4\n", "two columns 'answer'"),
        ("a.csv", "\n", "is empty"),
        ("a.csv", "answer,score\na,1\n", "to which question"),
        ("a.csv", "question,answer,score\nq,a,\n", "no row with a score"),
        ("a.csv", "question,answer,score\nq,\udce4,1\n".encode("utf-8", "surrogateescape"), "no UTF-8 text"),
        ("a.jsonl", '{"question": "q"}\n{"question": \n', "line 2, character 14: Expecting value"),
        ("a.jsonl", '{"question": "q"}\n[1]\n', r"line 2: \[1\] is no object"),
    ],
)
def test_a_broken_row_is_named_by_line_and_column(
    tmp_path: Path, name: str, text: str | bytes, said: str
) -> None:
    with pytest.raises(UnreadableDataset, match=said):
        read(tmp_path, text, name)


def test_five_thousand_rows_are_read(tmp_path: Path) -> None:
    text = "question,answer,score\n" + "".join(f"q{n % 9},a{n},{n % 6}\n" for n in range(5000))
    dataset = read(tmp_path, text)
    assert (len(dataset.rows), len({row.question_id for row in dataset.rows}), dataset.scale) == (5000, 9, 5)


def test_five_rows_are_measured(tmp_path: Path, settings: Any) -> None:
    settings.DATA_ROOT = installed("sentence-encoder")
    output = io.StringIO()
    few = [row for number, row in enumerate(rows()) if number % 14 in (0, 6)][:5]
    call_command("grade_open", "--dataset", written(tmp_path, few, "few.csv"), "--json", stdout=output)
    found = json.loads(output.getvalue())
    assert (found["n"], found["left_out"], len(found["coverage"])) == (5, 0, 6)
    assert found["pearson"] is not None


def test_one_question_cannot_be_measured_by_question(tmp_path: Path, settings: Any) -> None:
    settings.DATA_ROOT = installed("sentence-encoder")
    path = tmp_path / "one.csv"
    path.write_text("question,answer,score\nq,a,1\nq,b,0\n", "utf-8")
    with pytest.raises(CommandError, match="1 question is too few") as raised:
        call_command("grade_open", "--dataset", path)
    assert raised.value.returncode == 2
