"""What comes from other formats is run in the same kind of sandbox as answers."""

from tests.judge.conftest import sandbox, sandbox_socket

__all__ = ["sandbox", "sandbox_socket"]
