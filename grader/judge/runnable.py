"""A submission that can be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.judge.languages import Language
from grader.judge.languages.language import Plan
from grader.judge.languages.several import with_arguments
from sandbox.job import Job, Limits, Outcome

_END_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Program:
    """A submission that can be run: what goes into each box, and how it starts there under which limits."""

    language: Language
    plan: Plan
    files: Mapping[str, bytes]
    executables: frozenset[str]
    limits: Limits

    def job(
        self,
        *,
        files: Mapping[str, bytes] | None = None,
        stdin: bytes = b"",
        collect: tuple[str, ...] = (),
        args: tuple[str, ...] = (),
    ) -> Job:
        """One run, with a test's own files, input and arguments."""
        return Job(
            runtime=self.plan.runtime,
            program=with_arguments(self.plan.run(self.limits), args),
            files={**self.files, **(files or {})},
            executables=self.executables,
            stdin=stdin,
            collect=collect,
            limits=self.limits,
        )

    def heap_was_full(self, outcome: Outcome) -> bool:
        """Whether a runtime with a heap of its own ended for want of room in it: no kernel counts that."""
        said = outcome.stderr[-_END_BYTES:] + outcome.stdout[-_END_BYTES:]
        return any(words in said for words in self.language.full_heap)

    def was_refused_memory(self, outcome: Outcome) -> bool:
        """Whether a runtime ended the program, as it does where it is given no more memory."""
        refusal = self.language.refusal
        ending = -outcome.signal if outcome.signal else outcome.exit_code
        said = outcome.stderr[:_END_BYTES] + b"\n" + outcome.stderr[-_END_BYTES:]
        return bool(refusal and ending == refusal.ending and refusal.said.search(said))
