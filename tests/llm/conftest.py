"""A local server that speaks the protocol of OpenAI-compatible endpoints, and says what a test wants."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from grader.llm.canaries import QUESTION as CANARY_QUESTION
from grader.llm.endpoint import Endpoint
from grader.llm.judging import Judge
from grader.open.model import OpenQuestion, RubricPoint

VERSION = "small-judge-1 fp_1"
QUESTION = OpenQuestion(
    id="explain",
    prompt={"en": "Why is decoding slow, and what helps against it?", "zh": "为什么解码慢？怎么办？"},
    points=(
        RubricPoint("cause", 0.6, True, {"en": "Memory is read once a token.", "zh": "每个词元读一遍内存。"}),
        RubricPoint("remedy", 0.4, False, {"en": "Batches share the reading.", "zh": "批处理共用一次读取。"}),
    ),
    model_answer={"en": "", "zh": ""},
)
ANSWER = "All weights come from memory for each token. Larger batches share that cost among requests."
MEMORY, BATCHES = "All weights come from memory", "Larger batches share that cost"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server understood it: which point, the answer within its markers, the whole body."""

    point_id: str
    answer: str
    body: dict[str, Any]
    headers: dict[str, str]


Reply = Callable[[Asked], Any]
"""What the model says: a dict becomes its JSON text, a text stays; `Raw` is sent as it is."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An HTTP answer as such; `drip_s` waits between its chunks."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: int = 1
    drip_s: float = 0.0


class Model:
    """The server's mind: `says` answers about the question, `canaries` about those."""

    def __init__(self) -> None:
        self.says: Reply = honest
        self.canaries: Reply = nothing
        self.version = ("small-judge-1", "fp_1")
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Raw:
        asked = understood(body, headers)
        with self._lock:
            self.asked.append(asked)
        is_canary = asked.point_id in {point.id for point in CANARY_QUESTION.points}
        said = (self.canaries if is_canary else self.says)(asked)
        if isinstance(said, Raw):
            return said
        content = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        model, fingerprint = self.version
        document = {
            "model": model,
            "system_fingerprint": fingerprint,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": content}}],
        }
        return Raw(body=json.dumps(document).encode())

    @property
    def about_the_question(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.point_id in ("cause", "remedy")]


def understood(body: dict[str, Any], headers: dict[str, str]) -> Asked:
    text = body["messages"][-1]["content"]
    point = re.search(r"The point, id ([a-z0-9-]+),", text)
    marked = re.search(r"(=====answer [0-9a-f]{16}=====)\n(.*)\n\1\Z", text, re.DOTALL)
    assert point is not None
    assert marked is not None
    return Asked(point.group(1), json.loads(marked.group(2)), body, headers)


def verdict(asked: Asked, said: str, *quotes: str, reason: str = "So it says.") -> dict[str, Any]:
    return {"point_id": asked.point_id, "verdict": said, "quotes": list(quotes), "reason": reason}


def nothing(asked: Asked) -> dict[str, Any]:
    return verdict(asked, "not_met")


def honest(asked: Asked) -> dict[str, Any]:
    """Finds each point by its own words."""
    words = MEMORY if asked.point_id == "cause" else BATCHES
    return verdict(asked, "met", words) if words in asked.answer else nothing(asked)


class Memory:
    """A ledger that forgets with its test."""

    def __init__(self, budget: int = 1000) -> None:
        self.replies: dict[str, str] = {}
        self.budget = budget
        self.versions: dict[str, tuple[bool, str]] = {}

    def reply(self, key: str) -> str | None:
        return self.replies.get(key)

    def keep(self, key: str, reply: str) -> None:
        self.replies[key] = reply

    def spend(self, calls: int) -> bool:
        if calls > self.budget:
            return False
        self.budget -= calls
        return True

    def standing(self, version: str) -> bool | None:
        return self.versions[version][0] if version in self.versions else None

    def judge_version(self, version: str, passed: bool, detail: str) -> None:
        self.versions[version] = (passed, detail)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def address(model: Model) -> Iterator[str]:
    """The base URL of a server that asks `model`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            raw = model.answer(body, dict(self.headers.items()))
            self.send_response(raw.status)
            for name, value in raw.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            try:
                for _ in range(raw.chunks):
                    self.wfile.write(raw.body)
                    self.wfile.flush()
                    time.sleep(raw.drip_s)
            except OSError:
                # The judge hung up, as it should.
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Tests read `model.asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ledger() -> Memory:
    return Memory()


@pytest.fixture
def judge(address: str, ledger: Memory) -> Judge:
    return Judge(Endpoint(address, "secret", "small-judge", timeout_s=5, retries=1, pause_s=0.01), ledger)
