"""Customers, threads and templates in one file, so that they survive a restart of the demo.

Optional (SIM_STATE_FILE). Counts, logs and switches are not kept. A file that cannot be read is put
aside, never a reason not to start.
"""

import logging
from pathlib import Path

import msgspec

from simulator import forms
from simulator.forms import Edition
from simulator.shelf import Shelf, Template
from simulator.state import Customer, Thread, World

KEPT_PER_THREAD = 200
logger = logging.getLogger("simulator")


class Snapshot(msgspec.Struct):
    """What the file holds."""

    customers: list[Customer]
    threads: list[Thread]
    templates: list[Template] = []
    editions: list[Edition] = []
    stopped: list[tuple[str, str]] = []


def load(path: Path, world: World) -> None:
    """Put the file's customers and threads into an empty world. A missing file is an empty memory."""
    try:
        snapshot = msgspec.json.decode(path.read_bytes(), type=Snapshot)
    except FileNotFoundError:
        return
    except (OSError, msgspec.DecodeError) as error:
        logger.warning("the simulator forgets its last run: %s cannot be read (%s)", path, error)
        return
    world.customers |= {person.wa_id: person for person in snapshot.customers}
    for thread in snapshot.threads:
        world.restore(thread)
    if snapshot.templates:
        world.templates = Shelf(snapshot.templates)
    for edition in snapshot.editions:
        world.templates.forms[edition.key] = forms.compiled(edition)
    world.stopped |= set(snapshot.stopped)
    world.touch()


def save(path: Path, world: World) -> None:
    """Write the whole file anew and move it into place, so a kill leaves the old or the new one."""
    threads = [
        msgspec.structs.replace(thread, messages=thread.messages[-KEPT_PER_THREAD:])
        for thread in world.threads.values()
    ]
    snapshot = Snapshot(
        list(world.customers.values()),
        threads,
        templates=list(world.templates.by_id.values()),
        editions=[form.edition for form in world.templates.forms.values() if form.edition is not None],
        stopped=list(world.stopped),
    )
    fresh = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(msgspec.json.encode(snapshot))
        fresh.replace(path)
    except OSError as error:
        logger.warning("the simulator's memory was not saved: %s", error)
