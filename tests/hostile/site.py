"""A candidate's way into a running installation: HTTP, and nothing else."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fixtures.demo import PASSWORD
from grader.verdict import FINAL_STAGES

JUDGED_WITHIN_S = 240


@dataclass(frozen=True, slots=True)
class Site:
    """One candidate's connection to the running installation."""

    address: str
    token: str = ""

    def ask(self, path: str, body: Any = None) -> Any:
        """The JSON of an answer; fails on any status but success."""
        request = urllib.request.Request(f"{self.address}{path}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Token {self.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def submit(self, problem: str, source: str, language: str = "python") -> str:
        body = {"problem": problem, "language": language, "source": source}
        return str(self.ask("/api/v1/submissions/", body)["id"])

    def judged(self, submission: str) -> dict[str, Any]:
        """The submission once it is over."""
        return self._waited(f"/api/v1/submissions/{submission}/", lambda told: told["stage"] in FINAL_STAGES)

    def ran(self, problem: str, source: str) -> list[dict[str, Any]]:
        """The samples' runs, off the record."""
        body = {"problem": problem, "language": "python", "source": source}
        started = self.ask("/api/v1/runs/", body)["id"]
        runs: list[dict[str, Any]] = self._waited(f"/api/v1/runs/{started}/", lambda told: told["done"])[
            "runs"
        ]
        return runs

    def _waited(self, path: str, is_over: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while not is_over(told := self.ask(path)):
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        return dict(told)


def log_in(address: str) -> Site:
    """The demonstration's candidate."""
    address = address.rstrip("/")
    login = {"username": "candidate", "password": PASSWORD}
    return Site(address, Site(address).ask("/api/v1/auth/login/", login)["token"])
