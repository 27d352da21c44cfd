"""Imports under fire: workers killed half-way, two at once, the same people arriving by message, lost hints."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerGone

from accounts.tenancy import scope
from phonebook import tasks
from phonebook.actions import imports as actions
from phonebook.importing import running, steps, work
from phonebook.importing.mapping import Mapping
from phonebook.models import Contact, Identity, Import, ImportRow, ListMember
from phonebook.resolve import Person, resolve
from tests.inbox.together import together
from tests.phonebook.importing import change, contacts, fresh, imported, send, start, step, table
from tests.worlds import make_contact, make_list

PHONE = Mapping({0: "phone", 1: "name"})
PAST = timedelta(seconds=1)
ROWS = 50

# A worker that stops inside the transaction of its third chunk and waits there to be killed.
WORKER = """
import sys
import django
django.setup()
from phonebook import tasks
from phonebook.importing import running, work

write, chunks = running._write, []

def then_wait(job, lines):
    new = write(job, lines)
    chunks.append(new)
    if len(chunks) == 3:
        print("in the third chunk", flush=True)
        sys.stdin.read()
    return new

running._write, running.ROWS_PER_CHUNK, running.WRITERS = then_wait, 10, 1
work.advance(int(sys.argv[1]), int(sys.argv[2]), tasks.STEPS)
"""


def people(count, first=0, name="Customer"):
    return table(["Phone", "Name"], *([f"+96279{first + n:07d}", f"{name} {n}"] for n in range(count)))


def small_chunks(monkeypatch):
    monkeypatch.setattr(running, "ROWS_PER_CHUNK", 10)
    monkeypatch.setattr(steps, "ROWS_PER_CHUNK", 10)


def whole(world):
    """Contacts, their identities: as many, each with its own."""
    with scope(world.id):
        phones = sorted(Contact.objects.values_list("phone", flat=True))
        owned = sorted(Identity.objects.values_list("contact__phone", flat=True))
        assert phones == owned
        return phones


def test_a_worker_that_is_killed_half_way_loses_nothing_and_repeats_nothing(demo, monkeypatch):
    small_chunks(monkeypatch)
    target = make_list(demo, [])
    row = start(demo, people(ROWS), PHONE, list_id=target.pk)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(row.pk), str(demo.id)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout.readline() == b"in the third chunk\n"
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    row = fresh(row)
    assert (row.state, row.at_row, row.taken) == ("running", 20, {"0": 10, "10": 10})
    assert len(whole(demo)) == 20
    # Until its lease has run out nobody takes it: the worker might only be slow.
    assert step(row).at_row == 20
    assert work.waiting() == []
    change(row, lease=timezone.now() - PAST)
    assert work.waiting() == [(demo.id, row.pk)]
    row = step(row)
    assert (row.state, row.at_row, row.counts) == ("done", ROWS, {"new": ROWS})
    assert len(whole(demo)) == ROWS
    with scope(demo.id):
        assert ListMember.objects.filter(list=target).count() == ROWS


def test_a_dry_run_that_is_cut_short_starts_over(demo, monkeypatch):
    small_chunks(monkeypatch)
    row = send(demo, people(ROWS - 5) + b"\nx,Odd 1\nx,Odd 2" + b"\nx,Odd" * 3)
    actions.map_import(member=demo.marketer, import_id=row.pk, mapping=PHONE, country="JO")
    known, calls = steps._known, []

    def then_die(workspace_id, values):
        calls.append(values)
        if len(calls) >= 3:
            raise SystemExit
        return known(workspace_id, values)

    monkeypatch.setattr(steps, "_known", then_die)
    with pytest.raises(SystemExit):
        step(row)
    assert (fresh(row).state, fresh(row).at_row) == ("checking", 20)
    monkeypatch.setattr(steps, "_known", known)
    change(row, lease=timezone.now() - PAST)
    row = step(row)
    assert (row.state, row.counts) == ("checked", {"new": ROWS - 5, "bad_number": 5})
    with scope(demo.id):
        assert ImportRow.objects.count() == 5


def test_a_worker_that_was_too_slow_changes_nothing_any_more(demo, monkeypatch):
    small_chunks(monkeypatch)
    row = start(demo, people(ROWS), PHONE)
    write = running._write

    def then_be_overtaken(job, lines):
        new = write(job, lines)
        change(row, token=uuid4())
        return new

    monkeypatch.setattr(running, "_write", then_be_overtaken)
    monkeypatch.setattr(running, "WRITERS", 1)
    row = step(row)
    assert (row.state, row.at_row, row.taken) == ("running", 0, {})
    assert contacts(demo) == {}


def test_an_import_that_was_discarded_under_the_worker_ends_quietly(demo, monkeypatch):
    row = actions.start_import(member=demo.marketer, name="a.csv", content=people(3))
    read = steps.files.read

    def then_discard(content):
        actions.discard_import(member=demo.marketer, import_id=row.pk)
        return read(content)

    monkeypatch.setattr(steps.files, "read", then_discard)
    work.advance(row.pk, demo.id, tasks.STEPS)
    with scope(demo.id):
        assert Import.objects.count() == 0


@pytest.mark.parametrize("error", [OperationalError, IntegrityError])
def test_trouble_with_the_database_pauses_the_import_for_some_seconds(demo, monkeypatch, error):
    row = start(demo, people(3), PHONE)

    def trouble(_job, _lines):
        raise error("gone")

    monkeypatch.setattr(running, "_write", trouble)
    before = timezone.now()
    row = step(row)
    assert row.state == "running"
    assert before < row.lease < timezone.now() + work.PAUSE + PAST
    monkeypatch.undo()
    change(row, lease=timezone.now() - PAST)
    assert step(row).counts == {"new": 3}


def test_a_file_that_stops_its_worker_again_and_again_is_given_up(demo, monkeypatch):
    row = actions.start_import(member=demo.marketer, name="a.csv", content=people(3))

    def poison(_content):
        raise SystemExit

    monkeypatch.setattr(steps.files, "read", poison)
    for _ in range(work.TRIES_AT_MOST):
        with pytest.raises(SystemExit):
            step(row)
        change(row, lease=None)
    row = step(row)
    assert (row.state, row.detail, bytes(row.content)) == ("failed", "tries", b"")
    assert work.waiting() == []


def test_two_imports_of_the_same_people_at_once_make_each_of_them_once(demo, monkeypatch):
    small_chunks(monkeypatch)
    one, two = start(demo, people(ROWS), PHONE), start(demo, people(ROWS, first=20), PHONE)
    shuffled = start(demo, table(["Phone"], *([f"+96279{n:07d}"] for n in reversed(range(70)))))
    rows = together(lambda: step(one), lambda: step(two), lambda: step(shuffled))
    assert [row.state for row in rows] == ["done", "done", "done"]
    assert len(whole(demo)) == 70
    assert sum(row.counts.get("new", 0) for row in rows) == 70
    assert [sum(row.counts.values()) for row in rows] == [ROWS, ROWS, 70]


def test_an_import_and_the_same_people_writing_at_once_make_each_of_them_once(demo, monkeypatch):
    small_chunks(monkeypatch)
    row = start(demo, people(ROWS), PHONE)

    def write_in(first):
        people = [
            Person(demo.id, "p-demo", None, None, f"96279{n:07d}", f"Profile {n}")
            for n in range(first, ROWS + 10, 3)
        ]
        with scope(demo.id):
            return resolve(people)

    outcome = together(lambda: step(row), *(lambda first=first: write_in(first) for first in range(3)))
    assert outcome[0].state == "done"
    assert [len(ids) for ids in outcome[1:]] == [20, 20, 20]
    assert len(whole(demo)) == ROWS + 10
    assert set(contacts(demo).values()) == {f"Customer {n}" for n in range(ROWS)} | {""}


def test_an_import_is_in_the_hands_of_one_worker(demo):
    row = start(demo, people(ROWS), PHONE)
    together(*(lambda: work.advance(row.pk, demo.id, tasks.STEPS) for _ in range(6)))
    assert (fresh(row).state, fresh(row).counts) == ("done", {"new": ROWS})


def test_what_lost_its_hint_is_found_in_every_workspace(demo, rival, monkeypatch):
    def gone(**_options):
        raise BrokerGone("away")

    monkeypatch.setattr(tasks.advance, "apply_async", gone)
    ours = actions.start_import(member=demo.marketer, name="a.csv", content=people(1))
    theirs = actions.start_import(member=rival.marketer, name="a.csv", content=people(1))
    imported(demo, people(1))
    assert work.waiting() == [(demo.id, ours.pk), (rival.id, theirs.pk)]
    hints = []
    monkeypatch.setattr(tasks.advance, "apply_async", lambda **options: hints.append(options["kwargs"]))
    tasks.sweep()
    assert hints == [
        {"workspace_id": demo.id, "import_id": ours.pk},
        {"workspace_id": rival.id, "import_id": theirs.pk},
    ]
    for hint in hints:
        tasks.advance(**hint)
    assert (fresh(ours).state, fresh(theirs).state) == ("mapping", "mapping")


def test_a_task_with_the_workspace_of_another_does_nothing(demo, rival):
    row = actions.start_import(member=demo.marketer, name="a.csv", content=people(1))
    tasks.advance(workspace_id=rival.id, import_id=row.pk)
    assert fresh(row).state == "reading"


def test_what_the_file_says_of_somebody_who_is_being_merged_is_said_of_the_one_who_is_kept(demo):
    winner, loser = make_contact(demo, "Winner", "962790000001"), make_contact(demo, "Loser", "962790000002")
    target = make_list(demo, [])
    with scope(demo.id):
        # As between reading the address and the lock: the address still leads to the one who was merged away.
        Contact.objects.filter(pk=loser.pk).update(merged_into=winner)
    content = table(["Phone", "Name"], ["0790000002", "From the file"])
    row = imported(demo, content, PHONE, list_id=target.pk)
    assert row.counts == {"updated": 1}
    with scope(demo.id):
        assert dict(Contact.objects.values_list("id", "name")) == {
            winner.pk: "From the file",
            loser.pk: "Loser",
        }
        assert ListMember.objects.get().contact_id == winner.pk
