"""The attacks run against the same kind of supervisor as everything else."""

from tests.sandbox.conftest import box, store

__all__ = ["box", "store"]
