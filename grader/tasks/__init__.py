"""What workers do. Our own failures are never charged to whoever answers."""

from grader.tasks import authoring, judging, open_answers, worker

__all__ = ["authoring", "judging", "open_answers", "worker"]
