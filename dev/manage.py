"""`make manage ARGS="…"`: Django's manage.py with the database, Valkey and addresses of the running demo."""

import os
import sys

from dev.demo import ENV_FILE, FOLDER
from dev.processes import Refused, is_locked
from dev.stack import ROOT


def environment() -> dict[str, str]:
    """The running demo's variables; Refused when none runs, even where a killed one left its file behind."""
    path = FOLDER / ENV_FILE
    if not is_locked(FOLDER) or not path.exists():
        raise Refused("The demo is not running; start it in another terminal: make demo")
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def main(arguments: list[str]) -> None:
    """Become manage.py, in the project's folder."""
    env = {**os.environ, **environment()}
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "manage.py", *arguments], env)  # noqa: S606


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as error:
        sys.exit(str(error))
