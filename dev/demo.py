"""`make demo`: services, migrations, demo data, processes; prints `ready <url>` when the first page answers.

Everything ends with this process, however it ends, and what it kept in the folder starts again the next time.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping

from dev.processes import Child, Refused, check_port, check_stop, die_with, stop_on_signals
from dev.services import services
from dev.stack import ROOT, Stack, surroundings

FOLDER = ROOT / ".data" / "demo"
ENV_FILE = "env"
LOGINS = (
    ("agent1", "agent1@demo.test", "demo", "agent"),
    ("agent2", "agent2@demo.test", "demo", "agent"),
    ("marketer", "marketer@demo.test", "demo", "marketer"),
    ("admin", "admin@demo.test", "demo", "admin"),
    ("rival-agent1", "agent1@rival.test", "rival", "agent"),
)
PASSWORD = "inbox-demo"  # noqa: S105 - published: the demo listens on this machine only


def main(*, reset: bool) -> None:
    """Run the demo, from nothing if `reset`, until a signal stops it (SystemExit) or one of its processes ends (Refused)."""
    port, sim_port = port_from_environment("PORT", 8000), port_from_environment("SIM_PORT", 8001)
    if port == sim_port:
        raise Refused(f"PORT and SIM_PORT are both {port}; choose two.")
    stop_on_signals()
    if "MAKELEVEL" in os.environ:  # a killed make must not leave us behind; a shell that ends may
        die_with(os.getppid(), signal.SIGTERM)
    began = time.monotonic()
    with services(FOLDER, fresh=reset) as env:
        _say(f"PostgreSQL and Valkey are ready; everything is kept in {FOLDER}", began)
        # After the services, which first end what a killed demo left behind on these ports.
        check_port(port, variable="PORT")
        check_port(sim_port, variable="SIM_PORT")
        settings = {**env, **surroundings(port=port, sim_port=sim_port, base=FOLDER)}
        _run("migrate", ["manage.py", "migrate", "--database", "owner"], settings)
        _say("the database is migrated", began)
        _run("seed", ["-m", "dev.seed"], settings)
        _say("the demo's content is there", began)
        with Stack(env, base=FOLDER, port=port, sim_port=sim_port) as stack, _env_file(settings):
            _welcome(stack)
            ended = _first_to_end([*env.children, *stack.children.values()])
    raise Refused(f"{ended.name} ended, so everything was stopped: {ended.complaint()}")


def port_from_environment(variable: str, default: int) -> int:
    """The port named by the variable; Refused when it is none."""
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"{variable} must be a port between 1 and 65535, not {text!r}.")
    return int(text)


def _run(name: str, words: list[str], env: Mapping[str, str]) -> None:
    Child(name, [sys.executable, *words], base=FOLDER, env=env, cwd=ROOT).finish()


def _first_to_end(children: list[Child]) -> Child:
    try:
        while True:
            for child in children:
                if child.ended(within=0.5 / len(children)):
                    return child
            check_stop()
    except SystemExit:
        print("stopping …", flush=True)
        raise


@contextlib.contextmanager
def _env_file(env: Mapping[str, str]) -> Iterator[None]:
    """Let `make manage` find the running demo; the file is there only while it runs."""
    path = FOLDER / ENV_FILE
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _say(what: str, began: float) -> None:
    print(f"{time.monotonic() - began:5.1f} s  {what}", flush=True)


def _welcome(stack: Stack) -> None:
    print(f"\n{'username':<14}{'email':<22}{'workspace':<11}{'role':<10}password")
    for username, email, workspace, role in LOGINS:
        print(f"{username:<14}{email:<22}{workspace:<11}{role:<10}{PASSWORD}")
    print(f"\nbe a customer at {stack.sim_url}")
    print(f"logs, and mails (in web.log), are in {FOLDER / 'logs'}; Ctrl-C stops everything\n")
    print(f"ready {stack.url}", flush=True)


if __name__ == "__main__":
    try:
        main(reset="--reset" in sys.argv[1:])
    except (Refused, OSError) as error:
        sys.exit(f"demo: {error}")
    except SystemExit as stopped:
        print(f"stopped; what it kept is in {FOLDER}")
        sys.exit(0 if stopped.code == 128 + signal.SIGINT else stopped.code)
