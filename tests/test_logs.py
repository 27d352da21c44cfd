"""What reaches the log: one line an event, our own errors in full, and nothing that lets its reader in."""

import io
import json
import logging

import psycopg
import pytest
import structlog
from django.db import IntegrityError
from django.test import Client

from accounts import actions
from accounts.models import User
from config import logs

TOKEN = "q7Zc_x-3kP0aTbnWm5R8"
RESET = "1a-cx2k9p-0123456789abcdef0123456789abcdef"


@pytest.fixture
def written(monkeypatch):
    """What Django's handler writes, in the form it has in production."""
    # The test runner adds handlers of its own.
    [handler] = [each for each in logging.getLogger("django").handlers if type(each) is logging.StreamHandler]
    lines = io.StringIO()
    monkeypatch.setattr(handler, "stream", lines)
    monkeypatch.setattr(handler, "formatter", logs.formatter(readable=False))
    return lines


def lines_of(written):
    return [json.loads(line) for line in written.getvalue().splitlines()]


def broken(*_args, **_options):
    secret_of_a_local_variable = "blue-" + "heron"
    raise ZeroDivisionError(f"at /invite/{TOKEN}/ {len(secret_of_a_local_variable)}")


def test_a_path_that_does_not_exist_and_a_form_that_is_refused_leave_no_line(demo, client, written):
    client.get(f"/invite/{TOKEN}/")
    client.get(f"/account/password/reset/key/{RESET}/")
    client.get("/nothing/here/")
    client.post("/me/preferences/x/")

    assert written.getvalue() == ""


def test_an_error_is_one_line_of_json_with_its_traceback_and_without_the_proof(demo, written, monkeypatch):
    monkeypatch.setattr(actions, "find_invite", broken)

    answer = Client(raise_request_exception=False).get(f"/invite/{TOKEN}/")

    assert answer.status_code == 500
    [line] = lines_of(written)
    assert (line["event"], line["level"], line["logger"]) == (
        "Internal Server Error: /invite/***/",
        "error",
        "django.request",
    )
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("ZeroDivisionError: at /invite/***/ 10")
    assert "in broken\n    raise ZeroDivisionError" in line["exception"]
    assert TOKEN not in written.getvalue()
    assert "blue-heron" not in written.getvalue()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/invite/{TOKEN}/", "/invite/***/"),
        (f"/account/password/reset/key/{RESET}/", "/account/password/reset/key/***/"),
    ],
)
def test_a_form_without_its_csrf_token_is_logged_without_the_proof(db, written, path, shown):
    Client(enforce_csrf_checks=True).post(path)

    [line] = lines_of(written)
    assert (line["event"], line["level"], line["logger"]) == (
        f"Forbidden (CSRF cookie not set.): {shown}",
        "warning",
        "django.security.csrf",
    )


def test_a_database_error_is_told_by_its_class_and_state_and_quotes_no_row(demo, written):
    try:
        User.objects.create_user(username="agent1-demo", email="the-address@demo.test", password="x")
    except IntegrityError:
        logging.getLogger("django.request").exception("Internal Server Error")

    [line] = lines_of(written)
    assert [each for each in line["exception"].splitlines() if "SQLSTATE" in each] == [
        "psycopg.errors.UniqueViolation: SQLSTATE 23505",
        "django.db.utils.IntegrityError: SQLSTATE 23505",
    ]
    assert "agent1-demo" not in line["exception"].replace('username="agent1-demo"', "")
    assert "already exists" not in line["exception"]


def test_our_own_lines_are_made_the_same_way():
    out = io.StringIO()
    log = structlog.wrap_logger(structlog.WriteLogger(out), processors=logs.steps(readable=False))

    try:
        raise psycopg.DataError("invalid input: 'what a customer wrote'")
    except psycopg.Error:
        log.exception("work.failed", path=f"/invite/{TOKEN}/", number=7)

    line = json.loads(out.getvalue())
    assert (line["event"], line["level"], line["number"]) == ("work.failed", "error", 7)
    assert line["path"] == "/invite/***/"
    assert line["exception"].endswith("psycopg.DataError: no SQLSTATE")


def test_the_demo_reads_well():
    record = logging.makeLogRecord(
        {
            "name": "django.security",
            "levelname": "WARNING",
            "msg": "Odd path %s",
            "args": (f"/invite/{TOKEN}/",),
        }
    )

    line = logs.formatter(readable=True).format(record)

    assert "[warning  ] Odd path /invite/***/" in line
    assert not line.startswith("{")


def test_the_settings_log_only_errors_of_requests_and_by_these_lines(settings):
    assert settings.LOGGING["formatters"]["line"]["()"] is logs.formatter
    assert not logging.getLogger("django.request").isEnabledFor(logging.WARNING)
    assert logging.getLogger("django.request").handlers == []
    assert logging.getLogger("django.security.csrf").isEnabledFor(logging.WARNING)
