"""The product's own processes on one machine: the demo runs them, and so do the browser tests and the bench.

They are children of this process and log to files, so that a with-block starts and stops them inside a test as well.
Of PostgreSQL and Valkey nothing is known here but their URLs.
"""

import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dev.processes import Child, check_port, free_port

ROOT = Path(__file__).resolve().parent.parent
# Loopback must not go through a proxy, ours or the app's.
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Program:
    """A process of the product, ready when `url` answers 200 (redirects followed) or its log says `says`."""

    name: str
    words: tuple[str, ...]
    url: str = ""
    says: str = ""

    def is_ready(self, log: Path) -> bool:
        """Ask it once."""
        if self.says:
            return self.says in log.read_text(errors="replace")
        try:
            with LOOPBACK.open(self.url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def programs(*, port: int, sim_port: int, base: Path) -> list[Program]:
    """All processes of the product, with their ports and files."""
    web, simulator = f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{sim_port}/"
    serve = ("uvicorn", "--host", "127.0.0.1", "--no-access-log", "--timeout-graceful-shutdown", "3")
    fast = ("--ws-per-message-deflate", "false", "--loop", "uvloop", "--http", "httptools")
    worker = ("celery", "-A", "config", "worker", "-l", "INFO")
    threads = ("-P", "threads", "-c", "8")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    beat = ("celery", "-A", "config", "beat", "-l", "INFO", "--pidfile=")
    schedule = ("--schedule", str(base / "celerybeat-schedule"))
    return [
        Program("web", (*serve, *fast, "--port", str(port), "config.asgi:application"), url=web),
        # One process drains the deliveries: batches are large, and two would only wait for each other's locks.
        Program("events", (*worker, "-Q", "events", "-P", "solo", "-n", "events@%h", *quiet), says="ready."),
        Program(
            "sender", (*worker, "-Q", "replies,celery", *threads, "-n", "sender@%h", *quiet), says="ready."
        ),
        Program(
            "campaigns", (*worker, "-Q", "campaigns", *threads, "-n", "campaigns@%h", *quiet), says="ready."
        ),
        Program("beat", (*beat, *schedule), says="beat: Starting"),
        Program("simulator", (*serve, "--port", str(sim_port), "simulator.app:application"), url=simulator),
    ]


class Stack:
    """All processes of the product, ready inside the with-block and gone after it.

    Args:
        env: DATABASE_URL, REDIS_URL and whatever else the settings read; DEMO=1 and the surroundings are added.
        base: folder for logs/ and small files.
        port, sim_port: where to listen; 0 chooses a free port.
        without: names of processes to leave out.
    Raises Refused when a port is taken or a process does not get ready.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        base: Path,
        port: int = 0,
        sim_port: int = 0,
        without: Iterable[str] = (),
    ) -> None:
        self.base, self.port, self.sim_port = base.resolve(), port or free_port(), sim_port or free_port()
        self.url, self.sim_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.sim_port}"
        self.env = {**env, **surroundings(port=self.port, sim_port=self.sim_port, base=self.base)}
        every = programs(port=self.port, sim_port=self.sim_port, base=self.base)
        self.programs = {program.name: program for program in every if program.name not in set(without)}
        self.children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        check_port(self.port, variable="PORT")
        check_port(self.sim_port, variable="SIM_PORT")
        self.base.mkdir(parents=True, exist_ok=True)
        try:
            for name in self.programs:
                self._launch(name)
            for name in self.programs:
                self._await(name)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str) -> None:
        """Start one process again after `kill`, and wait until it is ready."""
        self._launch(name)
        self._await(name)

    def kill(self, name: str) -> None:
        """End one process as a crash would."""
        self.children[name].kill()

    def stop(self) -> None:
        """End all processes: ask everyone first, so that the slowest sets the pace and not the sum."""
        running = [child for child in self.children.values() if not child.ended()]
        for child in running:
            child.process.send_signal(child.stop_signal)
        for child in running:
            if not child.ended(within=6):
                child.kill()

    def _launch(self, name: str) -> None:
        command = [sys.executable, "-m", *self.programs[name].words]
        self.children[name] = Child(name, command, base=self.base, env=self.env, cwd=ROOT)

    def _await(self, name: str) -> None:
        child, program = self.children[name], self.programs[name]
        child.until(lambda: program.is_ready(child.log), seconds=90)


def surroundings(*, port: int, sim_port: int, base: Path) -> dict[str, str]:
    """What the processes must know about each other, and that the published secrets of the demo will do."""
    return {
        "DEMO": "1",
        "PORT": str(port),
        "SIM_PORT": str(sim_port),
        "WHATSAPP_GRAPH_URL": f"http://127.0.0.1:{sim_port}",
        "SIM_STATE_FILE": str(base / "simulator.json"),
        "WEBHOOK_URL": f"http://127.0.0.1:{port}/webhooks/whatsapp/",
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }
