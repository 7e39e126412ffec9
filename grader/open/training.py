"""Training of the point model, and its calibration, from the rubrics and graded answers of a bank.

Four folds of questions: each forest learns from the questions outside its fold. Beside graded answers it
learns from texts that the rubric itself holds: a paraphrase makes its point and no other, a contradiction
none, terms alone none, another question's answers none, the model answer all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.isotonic import IsotonicRegression

from grader.open.calibrating import UNCALIBRATED, Calibration, Known, calibrate
from grader.open.features import Comparer, Matrix
from grader.open.forest import Forest
from grader.open.grading import Estimate, LocalGrader, Trained
from grader.open.model import LEVEL_SHARES, GradedAnswer, OpenQuestion, RubricPoint
from grader.open.points import prepare, read_points

FOLDS = 4
LANGUAGES = ("en", "zh")
_TREES, _LEAF, _SHARE = 60, 6, 0.4
_GRADED_WEIGHT = 3.0
_STRANGERS = 3
_GOOD = 0.4
_SEED = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a text earns: by point of `question` a share from 0 to 1."""

    question: OpenQuestion
    language: str
    text: str
    shares: tuple[float, ...]
    weight: float


def train(questions: Sequence[OpenQuestion], store: Path) -> Trained:
    """Forests and calibrations. Raises `encoding.EncoderMissing`."""
    questions = sorted(questions, key=lambda question: question.id)
    fold_of = {question.id: number % FOLDS for number, question in enumerate(questions)}
    empty = Trained((), (), UNCALIBRATED, fold_of)
    grader = LocalGrader(store, empty, threads=2)
    taught = {question.id: _examples(question, questions, grader.comparer) for question in questions}
    forests = tuple(
        _fit([taught[name] for name, number in fold_of.items() if number != fold]) for fold in range(FOLDS)
    )
    grader = LocalGrader(store, replace(empty, forests=forests), threads=2)
    known = {question.id: list(_known(question, questions, grader)) for question in questions}
    return Trained(
        forests=forests,
        calibrations=tuple(
            _calibrated([item for name, items in known.items() if fold_of[name] != fold for item in items])
            for fold in range(FOLDS)
        ),
        calibration=_calibrated([item for items in known.values() for item in items]),
        fold_of=fold_of,
    )


def fingerprint(questions: Sequence[OpenQuestion]) -> str:
    """SHA-256 of all that training takes from `questions`; their order, and what else is in the bank, is
    nothing."""
    taken = [asdict(replace(question, others=())) for question in sorted(questions, key=lambda item: item.id)]
    return hashlib.sha256(json.dumps(taken, sort_keys=True).encode()).hexdigest()


def save(trained: Trained, questions: Sequence[OpenQuestion], folder: Path) -> None:
    """Writes points.npz and calibration.json, with the fingerprint of the `questions` it was trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: array
        for fold, forest in enumerate(trained.forests)
        for name, array in forest.arrays(f"{fold}_").items()
    }
    np.savez_compressed(folder / "points.npz", **arrays)  # type: ignore[arg-type]
    document = {
        "trained_on": fingerprint(questions),
        "folds": len(trained.forests),
        "fold_of": dict(trained.fold_of),
        "all": trained.calibration.document(),
        "by_fold": [calibration.document() for calibration in trained.calibrations],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "calibration.json").write_text(text + "\n", encoding="utf-8")


def _examples(
    question: OpenQuestion, questions: Sequence[OpenQuestion], comparer: Comparer
) -> tuple[Matrix, Matrix, Matrix]:
    """Features, shares and weights of everything that `question` teaches."""
    rows: list[Matrix] = []
    shares: list[float] = []
    weights: list[float] = []
    for lesson in _lessons(question, questions):
        reading = read_points(prepare(lesson.question, lesson.language, comparer), lesson.text, comparer)
        rows.append(reading.features)
        shares += lesson.shares
        weights += [lesson.weight] * len(lesson.shares)
    return np.concatenate(rows), np.array(shares), np.array(weights)


def _lessons(question: OpenQuestion, questions: Sequence[OpenQuestion]) -> Iterator[Lesson]:
    none = (0.0,) * len(question.points)
    for answer in question.graded:
        earned = tuple(LEVEL_SHARES[answer.points[point.id]] for point in question.points)
        yield Lesson(question, answer.language, answer.text, earned, _GRADED_WEIGHT)
    for language in LANGUAGES:
        full = (1.0,) * len(question.points)
        yield Lesson(question, language, question.model_answer[language], full, 1.0)
        yield Lesson(question, language, stuffing(question, language), none, 1.0)
        for text in _strange(question, questions, language):
            yield Lesson(question, language, text, none, 1.0)
        for number, point in enumerate(question.points):
            made = tuple(float(place == number) for place in range(len(question.points)))
            for text in point.paraphrases.get(language, ()):
                yield Lesson(_without(question, point, language, text), language, text, made, 1.0)
            for text in point.contradictions.get(language, ()):
                yield Lesson(_without(question, point, language, text), language, text, none, 1.0)


def _strange(question: OpenQuestion, questions: Sequence[OpenQuestion], language: str) -> list[str]:
    """Good answers to the questions that come next."""
    place = questions.index(question)
    strangers = [questions[(place + step) % len(questions)] for step in range(1, _STRANGERS + 1)]
    return [max(_in(language, one.graded), key=lambda answer: answer.score).text for one in strangers]


def _in(language: str, answers: Sequence[GradedAnswer]) -> list[GradedAnswer]:
    return [answer for answer in answers if answer.language == language]


def _without(question: OpenQuestion, point: RubricPoint, language: str, text: str) -> OpenQuestion:
    """The question whose rubric does not hold `text` itself."""

    def rest(wordings: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {**wordings, language: tuple(item for item in wordings.get(language, ()) if item != text)}

    changed = replace(point, paraphrases=rest(point.paraphrases), contradictions=rest(point.contradictions))
    points = tuple(changed if item.id == point.id else item for item in question.points)
    return replace(question, points=points)


def _fit(examples: Sequence[tuple[Matrix, Matrix, Matrix]]) -> Forest:
    rows, shares, weights = (np.concatenate(parts) for parts in zip(*examples, strict=True))
    model = ExtraTreesRegressor(
        _TREES, min_samples_leaf=_LEAF, max_features=_SHARE, n_jobs=2, random_state=_SEED
    ).fit(rows, shares, weights)
    return _plain(model)


def _plain(model: ExtraTreesRegressor) -> Forest:
    """The model's trees as arrays."""
    trees = [estimator.tree_ for estimator in model.estimators_]
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])
    leaf = np.concatenate([tree.children_left < 0 for tree in trees])

    def joined(name: str, *, moved: bool = False) -> Matrix:
        parts = [
            getattr(tree, name) + (start if moved else 0) for tree, start in zip(trees, starts, strict=False)
        ]
        return np.concatenate(parts)

    return Forest(
        feature=np.where(leaf, -1, joined("feature")).astype(np.int16),
        threshold=np.where(leaf, 0, joined("threshold")).astype(np.float32),
        left=np.where(leaf, 0, joined("children_left", moved=True)).astype(np.int32),
        right=np.where(leaf, 0, joined("children_right", moved=True)).astype(np.int32),
        value=np.concatenate([tree.value[:, 0, 0] for tree in trees]).astype(np.float32),
        roots=starts[:-1].astype(np.int32),
    )


def _known(question: OpenQuestion, questions: Sequence[OpenQuestion], grader: LocalGrader) -> Iterator[Known]:
    """Scores of answers whose worth is known: graded ones, each with itself left out, model answers, answers
    to other questions, terms alone, and fluent answers turned into their opposite, which no similarity can
    tell from the right ones."""
    for answer in question.graded:
        others = tuple(item for item in question.graded if item is not answer)
        found = grader.estimate(replace(question, graded=others), answer.text, answer.language)
        yield _known_of(found, answer.language, answer.score, made=False)
    for language in LANGUAGES:
        model = question.model_answer[language]
        good = [answer.text for answer in _in(language, question.graded) if answer.score >= _GOOD]
        wrong = [stuffing(question, language), *(turned(text, language) for text in (model, *good))]
        yield _known_of(grader.estimate(question, model, language), language, 1.0, made=False)
        for text in wrong:
            yield _known_of(grader.estimate(question, text, language), language, 0.0, made=True)
        place = questions.index(question)
        for step in range(1, _STRANGERS + 1):
            for answer in _in(language, questions[(place + step) % len(questions)].graded):
                found = grader.estimate(question, answer.text, language)
                # Among answers with a score they would only make the interval look narrower than it is.
                if found.nothing_found:
                    yield _known_of(found, language, 0.0, made=True)


def _known_of(found: Estimate, language: str, truth: float, *, made: bool) -> Known:
    return Known(language, found.raw, found.nothing_found, truth, made)


def _calibrated(known: Sequence[Known]) -> Calibration:
    real = [item for item in known if not item.made]
    fitted = IsotonicRegression(y_min=0, y_max=1).fit(
        [item.raw for item in real], [item.truth for item in real]
    )
    corners = zip(fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist(), strict=True)
    return calibrate(known, tuple((round(raw, 5), round(truth, 5)) for raw, truth in corners))


def stuffing(question: OpenQuestion, language: str) -> str:
    """The terms of all points and nothing else."""
    terms = [term for point in question.points for term in point.anchors.get(language, ())]
    return ("、" if language == "zh" else ", ").join(terms)


def turned(text: str, language: str) -> str:
    """A fluent text that denies what `text` says, sentence by sentence."""
    if language == "zh":
        parts = re.split(r"(?<=[。；！？])", text)
        return "".join(_turned_zh(part) for part in parts if part.strip())
    parts = re.split(r"(?<=[.;!?])\s+", text)
    return " ".join(_turned_en(part) for part in parts if part.strip())


def _turned_zh(sentence: str) -> str:
    for word, opposite in (("不", ""), ("是", "不是"), ("会", "不会"), ("能", "不能"), ("要", "不要")):
        if word in sentence:
            return sentence.replace(word, opposite, 1)
    return "并非" + sentence


def _turned_en(sentence: str) -> str:
    if re.search(r"\bnot\b", sentence):
        return re.sub(r"\bnot\s*", "", sentence, count=1)
    found = re.search(
        r"\b(is|are|can|should|must|will|would|has|have|does|do|was|needs?|takes?|means?)\b", sentence
    )
    if found is None:
        return "It is wrong that " + sentence[:1].lower() + sentence[1:]
    return f"{sentence[: found.end()]} not{sentence[found.end() :]}"
