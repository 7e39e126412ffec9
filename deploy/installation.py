"""One installation: its database, its data, its problems, and the processes that serve it."""

from __future__ import annotations

import io
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import django
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from deploy.broker import command as broker_command
from deploy.broker import find_server
from deploy.errors import CannotStart
from deploy.host import check_port
from deploy.processes import Processes, Service, python_command, sandbox_service
from deploy.under_root import say_prepared, under_root
from sandbox.client import Config
from sandbox.devices import open_layer

Say = Callable[[str], None]
READY_WITHIN_S = 120.0
TEXTS_AT_ONCE = 4


class Installation:
    """Uses the environment's settings; `port` is the web address's."""

    def __init__(self, port: int, say: Say) -> None:
        self.port = port
        self._say = say
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "questionbank.config.settings")
        django.setup()
        self.home = Path(__file__).resolve().parent.parent
        self.logs: Path = settings.VAR / "logs"
        self.processes = Processes(self.home, say)

    @property
    def address(self) -> str:
        """Where the site is served."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def demo_password(self) -> str:
        """The demo users' password; empty where there are none."""
        from fixtures.demo import PASSWORD

        return PASSWORD if settings.DEMO else ""

    def prepare(self) -> None:
        """Brings the database, the models, the data and the problems up to date."""
        check_port(self.port)
        if os.environ.get("REDIS_URL") and not _broker_answers():
            raise CannotStart("No Redis answers at REDIS_URL.", "Start it, or leave REDIS_URL out.")
        self._migrate()
        self._install_data()
        call_command("load_fixtures", stdout=io.StringIO())
        connection.close()

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            self._say(f"preparing the database ({len(plan)} steps)")
            call_command("migrate", verbosity=0)

    def _install_data(self) -> None:
        from fixtures.recipes.catalogue import RECIPES
        from fixtures.recipes.errors import RecipeError
        from fixtures.recipes.recipe import install
        from fixtures.recipes.warming import read_ahead

        for recipe in RECIPES.values():
            try:
                install(recipe, settings.DATA_ROOT, self._say_news)
            except RecipeError as error:
                self._say(f"{error}")
                self._say(f"  {error.remedy} Problems that need it will say so; the rest works.")
        read_ahead(settings.DATA_ROOT)

    def _say_news(self, line: str) -> None:
        if not line.endswith("already installed"):
            self._say(line)

    def start(self, stopped: Callable[[], bool]) -> None:
        """Starts every process and returns once all of them serve, or once it is told to stop."""
        if under_root():
            say_prepared()
        for service in self._services():
            self.processes.start(service)
        self.processes.wait_ready(READY_WITHIN_S, stopped)

    def _services(self) -> list[Service]:
        services = []
        if not os.environ.get("REDIS_URL"):
            command = broker_command(
                find_server(), socket=settings.BROKER_SOCKET, data=settings.VAR / "broker"
            )
            services.append(
                Service("broker", command, self.logs / "broker.log", _broker_answers, foundation=True)
            )
        if not under_root():
            services.append(sandbox_service(_sandbox_config(), self.logs / "sandbox.log"))
        devices = len(open_layer().devices())
        if devices:
            # Two runs a device: one is compared outside while the next one computes.
            services.append(self._worker("worker-gpu", "gpu", threads=2 * devices))
        if settings.JUDGE_URL:
            # A language model takes its time: code must not wait behind prose.
            services.append(self._worker("worker-text", "text", threads=TEXTS_AT_ONCE))
        queues = "code,bulk" if settings.JUDGE_URL else "code,text,bulk"
        services += [
            self._worker("worker", queues, threads=max(2, os.cpu_count() or 1), beat=True),
            self._worker("worker-ml", "ml" if devices else "ml,gpu", threads=1),
            Service(
                "web",
                python_command(
                    "-m",
                    "uvicorn",
                    "questionbank.config.asgi:application",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(self.port),
                    "--no-access-log",
                    "--timeout-graceful-shutdown",
                    "3",
                ),
                self.logs / "web.log",
                self._web_answers,
            ),
        ]
        return services

    def _worker(self, name: str, queues: str, *, threads: int, beat: bool = False) -> Service:
        marker = settings.RUN / f"{name}.ready"
        marker.unlink(missing_ok=True)
        arguments = [
            "-m",
            "celery",
            "--app",
            "questionbank.config.celery:app",
            "worker",
            "--queues",
            queues,
            "--pool",
            "threads",
            "--concurrency",
            str(threads),
            "--hostname",
            f"{name}@%h",
            "--loglevel",
            "WARNING",
            "--without-mingle",
            "--without-gossip",
        ]
        if beat:
            arguments += ["--beat", "--schedule", str(settings.VAR / "beat-schedule")]
        return Service(
            name,
            python_command(*arguments),
            self.logs / f"{name}.log",
            lambda: marker.exists() and settings.SANDBOX_SOCKET.exists(),
            {"TOUCHSTONE_READY_FILE": str(marker)},
        )

    def _web_answers(self) -> bool:
        # As a proxy would ask: where the site is served over HTTPS, everything else is sent there.
        headers = {"X-Forwarded-Proto": "https"}
        request = urllib.request.Request(f"{self.address}healthz", headers=headers)  # noqa: S310 - our own
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _sandbox_config() -> Config:
    from grader.jail import sandbox_config

    settings.SANDBOX_SOCKET.unlink(missing_ok=True)
    return sandbox_config(settings.SANDBOX_SOCKET)
