"""`manage.py load_fixtures`: topics and shipped problems; demo users and sets where TOUCHSTONE_DEMO is 1."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from fixtures import demo


class Command(BaseCommand):
    help = "Publishes the shipped problems; with TOUCHSTONE_DEMO=1 makes demo users and sets."

    def handle(self, *args: Any, **options: Any) -> None:
        demo.load_topics()
        try:
            versions = demo.load_problems()
        except demo.BrokenProblem as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(versions)} problems are published.")
        if settings.DEMO:
            demo.load_users()
            demo.load_ready_sets()
            demo.load_set()
            self.stdout.write("Demo users: candidate, interviewer, author, admin.")
