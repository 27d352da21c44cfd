"""PostgreSQL and Valkey for one folder, for as long as a with-block lasts: the demo's, the tests', the bench's.

What DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL already name is used and neither started nor touched.
`python -m dev.services COMMAND …` runs one command against throwaway ones.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dev import postgres, valkey
from dev.processes import Child, Refused, check_stop, end_leftovers, locked, stop_on_signals


class Services(dict[str, str]):
    """DATABASE_OWNER_URL, DATABASE_URL and REDIS_URL; `children` are the servers started for them."""

    def __init__(self) -> None:
        super().__init__()
        self.children: list[Child] = []


@contextlib.contextmanager
def services(
    base: Path, *, durable: bool = True, postgres_settings: dict[str, str] | None = None, fresh: bool = False
) -> Iterator[Services]:
    """Run PostgreSQL and Valkey in the folder and yield their URLs; stop them at the end.

    Args:
        base: everything lives here and only one run at a time may hold it; made where it is missing.
        durable: False trades safety against speed, for data nobody will miss.
        postgres_settings: server settings on top, e.g. {"shared_buffers": "2GB"}.
        fresh: start from nothing, whatever the folder holds.
    Raises Refused, with one sentence for a person.
    """
    base = base.resolve()
    try:
        base.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{base} cannot be a data folder: {error.strerror}.") from None
    found = Services()
    with locked(base), contextlib.ExitStack() as stack:
        end_leftovers(base)
        if fresh:
            if _given("DATABASE_URL", "DATABASE_OWNER_URL"):
                raise Refused(
                    "The database at DATABASE_URL is not ours to empty; unset that, or empty it yourself."
                )
            _empty(base)
        _reach_given()
        if _given("REDIS_URL"):
            found["REDIS_URL"] = os.environ["REDIS_URL"]
        else:
            server, urls = valkey.start(base, durable=durable)
            stack.callback(server.stop)
            found.children.append(server)
            found.update(urls)
        if _given("DATABASE_URL", "DATABASE_OWNER_URL"):
            found.update({name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL")})
        else:
            server, urls = postgres.start(base, durable=durable, settings=postgres_settings or {})
            stack.callback(server.stop, patience=60)
            found.children.append(server)
            found.update(urls)
        yield found


def _given(*names: str) -> bool:
    present = [name for name in names if os.environ.get(name)]
    if present and len(present) < len(names):
        raise Refused(f"{' and '.join(names)} belong together: set all of them, or none.")
    return bool(present)


def _reach_given() -> None:
    """Before anything is started: what was given and is dead would be noticed by the last process, in 90 seconds."""
    if _given("REDIS_URL"):
        valkey.reach("REDIS_URL", os.environ["REDIS_URL"])
    if _given("DATABASE_URL", "DATABASE_OWNER_URL"):
        for name in ("DATABASE_OWNER_URL", "DATABASE_URL"):
            postgres.reach(name, os.environ[name])


def _empty(base: Path) -> None:
    for path in base.iterdir():
        if path.name == "lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def main(command: list[str]) -> int:
    """Run the command with services of its own and return its exit code."""
    stop_on_signals()
    with (
        tempfile.TemporaryDirectory(prefix="inbox-") as folder,
        services(Path(folder), durable=False) as env,
    ):
        with subprocess.Popen(command, env={**os.environ, **env}) as process:
            try:
                while process.poll() is None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(0.2)
                    check_stop()
            finally:
                process.terminate()  # nothing, when it has ended
        return process.returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Refused, OSError) as error:
        sys.exit(str(error))
