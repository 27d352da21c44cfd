"""The launcher of PostgreSQL and Valkey: what it keeps, what it survives, and the one sentence it says otherwise."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from dev import valkey
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


def test_a_database_that_is_damaged_is_refused_with_the_way_out(tmp_path):
    with services(tmp_path, durable=False):
        pass
    (tmp_path / "postgres" / "data" / "global" / "pg_control").unlink()
    with (
        pytest.raises(Refused, match=r"^postgres ended while starting: .*start anew: make demo-reset$"),
        services(tmp_path, durable=False),
    ):
        pass


def test_what_valkey_cannot_read_any_more_is_forgotten(tmp_path):
    server, urls = valkey.start(tmp_path, durable=True)
    with redis.Redis.from_url(urls["REDIS_URL"]) as client:
        client.set("kept", "7" * 100)
        client.set("kept too", "8")
    server.stop()
    (log,) = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    log.write_bytes(b"*not a command\r\n" + log.read_bytes())

    server, urls = valkey.start(tmp_path, durable=True)

    with redis.Redis.from_url(urls["REDIS_URL"]) as client:
        assert client.keys() == []
    server.stop()


def test_what_valkey_kept_is_there_after_a_restart(tmp_path):
    for expected in (None, b"7"):
        server, urls = valkey.start(tmp_path, durable=True)
        with redis.Redis.from_url(urls["REDIS_URL"]) as client:
            assert client.get("kept") == expected
            client.set("kept", "7")
        server.stop()


def test_a_valkey_that_does_not_start_at_all_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("VALKEY_SERVER", "/bin/false")
    with pytest.raises(Refused, match=r"^valkey ended while starting"):
        valkey.start(tmp_path, durable=True)


def test_a_given_valkey_that_is_not_there_is_refused_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:hidden@127.0.0.1:9/0")
    with (
        pytest.raises(
            Refused, match=r"^No Valkey or Redis answers at REDIS_URL .*or unset REDIS_URL"
        ) as said,
        services(tmp_path),
    ):
        pass
    assert "hidden" not in str(said.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://me:hidden@127.0.0.1:9/inbox", "^No PostgreSQL lets us in at DATABASE_OWNER_URL .*9"),
        ("somewhere:hidden", "^DATABASE_OWNER_URL is not the URL of a PostgreSQL database.$"),
    ],
)
def test_a_given_database_that_is_not_there_is_refused_before_anything_starts(
    tmp_path, monkeypatch, url, sentence
):
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        monkeypatch.setenv(name, url)
    with pytest.raises(Refused, match=sentence) as said, services(tmp_path):
        pass
    assert "hidden" not in str(said.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


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
