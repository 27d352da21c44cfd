"""The launcher of PostgreSQL and Valkey: what it keeps, what it survives, and the one sentence it says otherwise."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dev.demo import port_from_environment
from dev.processes import Refused, check_port
from dev.services import services

ROOT = Path(__file__).resolve().parents[2]
# A launcher that says where its database is and then waits to be killed.
LAUNCHER = """
import signal, sys
from pathlib import Path
from dev.services import services
with services(Path(sys.argv[1]), durable=True) as env:
    print(env["DATABASE_OWNER_URL"], flush=True)
    signal.pause()
"""


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        monkeypatch.delenv(name)


def test_rows_survive_a_launcher_killed_with_9(tmp_path):
    command = [sys.executable, "-c", LAUNCHER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:
        with psycopg.connect(launcher.stdout.readline().strip(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        launcher.send_signal(signal.SIGKILL)
    with (
        services(tmp_path, durable=True) as env,
        psycopg.connect(env["DATABASE_OWNER_URL"], autocommit=True) as connection,
    ):
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_second_launcher_in_the_same_folder_is_refused(tmp_path):
    with (
        services(tmp_path, durable=False),
        pytest.raises(Refused, match="is in use by process"),
        services(tmp_path),
    ):
        pass


def test_a_folder_that_is_no_database_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(Refused, match="is not a PostgreSQL data folder; move it away"), services(tmp_path):
        pass


def test_half_of_the_database_urls_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1/inbox")
    with (
        pytest.raises(Refused, match="DATABASE_URL and DATABASE_OWNER_URL belong together"),
        services(tmp_path),
    ):
        pass


def test_a_port_in_use_is_refused_with_another_one_to_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"Port {port} is in use; choose another one: PORT={port + 10}"):
            check_port(port, variable="PORT")


@pytest.mark.parametrize("value", ["web", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv("PORT", value)
    with pytest.raises(Refused, match="PORT must be a port between 1 and 65535"):
        port_from_environment("PORT", 8000)
