"""The gate proves packages in the same kind of sandbox as the judge."""

from tests.judge.conftest import sandbox, sandbox_socket

__all__ = ["sandbox", "sandbox_socket"]
