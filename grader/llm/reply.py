"""A model's reply about one point, taken for what it is: text from outside."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema

from grader.llm.errors import BadReply
from grader.llm.model import PointJudgement, PointVerdict
from grader.llm.prompt import schema_of
from grader.llm.quotes import find_quote

_FENCE = re.compile(r"\A\s*+```(?:json)?[^\S\n]*+\n(.*)\n[^\S\n]*+```\s*+\Z", re.DOTALL)
_SHOWN = 200


def read_judgement(reply: str, *, point_id: str, answer: str, question: str) -> PointJudgement:
    """The judgement; raises `BadReply` where the reply is none by the schema, or about another point.

    An invented quote is no fault of form: the judgement comes back as not proven.
    """
    document = _document(reply)
    try:
        jsonschema.validate(document, schema_of(point_id))
    except jsonschema.ValidationError as error:
        raise BadReply(f"the reply on {point_id} breaks the schema: {error.message[:_SHOWN]}") from error
    verdict = PointVerdict(document["verdict"])
    quotes = [find_quote(quote, answer, question) for quote in document["quotes"]]
    found = tuple(quote for quote in quotes if quote is not None)
    needs = verdict is not PointVerdict.NOT_MET
    proven = len(found) == len(quotes) and (bool(found) or not needs)
    return PointJudgement(point_id, verdict, found, document["reason"], proven)


def _document(reply: str) -> Any:
    fenced = _FENCE.match(reply)
    try:
        return json.loads(fenced.group(1) if fenced else reply)
    except (ValueError, RecursionError) as error:
        raise BadReply(f"the reply is no JSON: {reply[:_SHOWN]!r}") from error
