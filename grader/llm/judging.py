"""The second opinion on one answer: a call a point, in two shuffled runs.

A third run leaves out the sentences that speak to the judge, where there are any.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from grader.llm.canaries import CANARIES, MOST, QUESTION, Canary
from grader.llm.endpoint import Endpoint, Said, ask, connect
from grader.llm.errors import AnswerTooLong, BadReply, BudgetSpent, JudgeDisabled, JudgeUnavailable
from grader.llm.ledger import Ledger
from grader.llm.model import Objection, Opinion, PointJudgement
from grader.llm.prompt import PROMPT_VERSION, messages_for, schema_of
from grader.llm.quotes import SHORTEST
from grader.llm.reply import read_judgement
from grader.llm.suspicion import without_suspicious
from grader.open.model import LEVEL_SHARES, OpenQuestion, RubricPoint

MAX_ANSWER = 12_000
"""Characters. A longer answer is for a person."""
FAR = 0.25
"""A judge further than this from the local grader sends the answer to a person."""
PARALLEL = 4
RUNS = 2
_EQUAL = 1e-9
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judge:
    """Where to ask, and what is remembered."""

    endpoint: Endpoint
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class _Call:
    question: OpenQuestion
    point: RubricPoint
    answer: str
    language: str
    run: int


@dataclass(frozen=True, slots=True)
class _Answered:
    judgement: PointJudgement
    version: str


def opinion_on(
    judge: Judge, question: OpenQuestion, answer: str, language: str, *, local_score: float
) -> Opinion:
    """What the model makes of the answer. Raises `JudgeUnavailable`: then there is no opinion.

    `local_score` is the local grader's, 0 to 1. Every version of the model is tried on the canaries before
    its word counts.
    """
    if len(answer) > MAX_ANSWER:
        raise AnswerTooLong(f"the answer has {len(answer)} characters, more than {MAX_ANSWER}")
    plain = without_suspicious(answer)
    texts = [answer] * RUNS + ([plain] if plain is not None and plain.strip() else [])
    # What is left without the suspicious sentences is judged by the first run's order.
    numbers = [*range(RUNS), 0][: len(texts)]
    runs = _ask_all(
        judge,
        [
            [_Call(question, point, text, language, number) for point in question.points]
            for text, number in zip(texts, numbers, strict=True)
        ],
    )
    versions = {answered.version for run in runs for answered in run}
    for version in sorted(versions):
        _demand_standing(judge, version)
    found = [tuple(answered.judgement for answered in run) for run in runs]
    scores = tuple(_score(question, run) for run in found)
    without = 0.0 if plain is not None and not plain.strip() else scores[-1]
    objections = []
    if any(len({judgement.verdict for judgement in pair}) > 1 for pair in zip(*found[:RUNS], strict=True)):
        objections.append(Objection.RUNS_DIFFER)
    if plain is not None and abs(scores[0] - without) > _EQUAL:
        objections.append(Objection.SUSPICIOUS_SENTENCES)
    if any(abs(score - local_score) > FAR + _EQUAL for score in scores[:RUNS]):
        objections.append(Objection.FAR_FROM_LOCAL)
    if not all(judgement.proven for run in found for judgement in run):
        objections.append(Objection.UNPROVEN)
    return Opinion(", ".join(sorted(versions)), found[0], scores[:RUNS], tuple(objections))


def _score(question: OpenQuestion, run: Sequence[PointJudgement]) -> float:
    """Code computes the total: the model is never asked for one. What is not proven earns nothing."""
    return sum(
        point.weight * LEVEL_SHARES[judgement.level] * judgement.proven
        for point, judgement in zip(question.points, run, strict=True)
    )


def _demand_standing(judge: Judge, version: str) -> None:
    standing = judge.ledger.standing(version)
    if standing is None:
        standing = _try_canaries(judge, version)
    if not standing:
        raise JudgeDisabled(f"{version} gave points to a canary; see the page of the grader")


def _try_canaries(judge: Judge, version: str) -> bool:
    """Puts every canary to the model; an inflated one disables the version."""
    runs = _ask_all(
        judge,
        [
            [_Call(QUESTION, point, canary.text, canary.language, 0) for point in QUESTION.points]
            for canary in CANARIES
        ],
        asked_of=version,
    )
    if any(answered.version != version for run in runs for answered in run):
        raise JudgeDisabled(f"the endpoint changed its model while {version} was tried")
    inflated = [
        _told(canary, score)
        for canary, run in zip(CANARIES, runs, strict=True)
        if (score := _claimed([answered.judgement for answered in run])) > MOST
    ]
    judge.ledger.judge_version(version, not inflated, "; ".join(inflated))
    if inflated:
        _log.error("the judge %s is disabled, it inflates canaries: %s", version, "; ".join(inflated))
    return not inflated


def _claimed(run: Sequence[PointJudgement]) -> float:
    """What the model would have given, proven or not: a canary tests the model, not our checks."""
    return sum(
        point.weight * LEVEL_SHARES[judgement.level]
        for point, judgement in zip(QUESTION.points, run, strict=True)
    )


def _told(canary: Canary, score: float) -> str:
    return f"{canary.name} ({canary.language}): {score:.2f}"


def _ask_all(judge: Judge, runs: list[list[_Call]], *, asked_of: str = "") -> list[list[_Answered]]:
    """Every call of every run, a few at a time; what was asked before is not asked again, `asked_of` this
    version where one is named."""
    names = [[_key(judge.endpoint, call, asked_of) for call in run] for run in runs]
    calls = {
        key: call for keys, run in zip(names, runs, strict=True) for key, call in zip(keys, run, strict=True)
    }
    kept = {key: judge.ledger.reply(key) for key in calls}
    missing = [key for key, reply in kept.items() if reply is None]
    if missing and not judge.ledger.spend(len(missing)):
        raise BudgetSpent(f"{len(missing)} calls are more than is left of the day's budget")
    with connect(judge.endpoint) as client, ThreadPoolExecutor(PARALLEL, "judge") as pool:
        asked = {key: pool.submit(_fetch, client, judge.endpoint, calls[key]) for key in missing}
        try:
            fresh = {key: future.result() for key, future in asked.items()}
        except JudgeUnavailable:
            pool.shutdown(cancel_futures=True)
            raise
    for key, said in fresh.items():
        judge.ledger.keep(key, json.dumps([said.text, said.version]))
    said_by = fresh | {key: Said(*json.loads(reply)) for key, reply in kept.items() if reply is not None}
    return [[_answered(calls[key], said_by[key]) for key in keys] for keys in names]


def _fetch(client: httpx.Client, endpoint: Endpoint, call: _Call) -> Said:
    """A reply that can be read; one that cannot is asked for once more."""
    said = _ask(client, endpoint, call)
    try:
        _answered(call, said)
    except BadReply:
        said = _ask(client, endpoint, call)
        _answered(call, said)
    return said


def _ask(client: httpx.Client, endpoint: Endpoint, call: _Call) -> Said:
    messages = messages_for(
        call.question, call.point, call.answer, call.language, run=call.run, shortest=SHORTEST
    )
    return ask(client, endpoint, messages, schema_of(call.point.id))


def _answered(call: _Call, said: Said) -> _Answered:
    question = "\n".join(call.question.prompt.values())
    judgement = read_judgement(said.text, point_id=call.point.id, answer=call.answer, question=question)
    return _Answered(judgement, said.version)


def _key(endpoint: Endpoint, call: _Call, asked_of: str) -> str:
    """A reply's name: everything that it may depend on, and not the marker, which is new each time."""
    point = call.point
    content = [
        PROMPT_VERSION,
        asked_of,
        endpoint.base_url,
        endpoint.model,
        call.language,
        call.run,
        call.question.id,
        dict(call.question.prompt),
        [point.id, dict(point.statement), _plain(point.paraphrases), _plain(point.contradictions)],
        call.answer,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode(errors="replace")).hexdigest()


def _plain(wordings: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {language: list(texts) for language, texts in wordings.items()}
