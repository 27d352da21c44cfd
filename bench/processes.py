"""Starts a server of a benchmark and waits until its port answers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


def free_port() -> int:
    """A free port below the ephemeral range, where no client's own socket can take it in between."""
    for port in range(20_000, 30_000, 7):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError("no free port")


@contextmanager
def uvicorn(application: str, **env: str) -> Iterator[tuple[int, psutil.Process]]:
    """Serves an ASGI application as production does; yields its port and process."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"]
    command += ["--ws-per-message-deflate", "false", "--backlog", "4096"]
    server = subprocess.Popen(command, env={**os.environ, **env})
    try:
        _wait(port, server)
        yield port, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("the server ended")
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)  # noqa: TID251  a bounded wait for another process
    raise RuntimeError("the server did not start")
