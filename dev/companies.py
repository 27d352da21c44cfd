"""The two workspaces of the demo: who is in them, their numbers, and what goes into the simulator's memory.

Everything is relative to now. What the simulator must know (the customers and their service windows) goes into its
memory file, SIM_STATE_FILE, when that is set.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts import actions
from accounts.models import BusinessAccount, Membership, PhoneNumber, User, Workspace
from accounts.tenancy import scope
from dev import marketing
from dev.content import Talk, arabic, english, rival
from dev.threads import Scene, write
from simulator import memory, people
from simulator.config import DEFAULT_NUMBERS
from simulator.state import World

PASSWORD = "inbox-demo"  # noqa: S105 - published: the demo listens on this machine only


@dataclass(frozen=True)
class Person:
    """Somebody who can log in."""

    username: str
    email: str
    name: str
    role: str


@dataclass(frozen=True)
class Company:
    """A workspace, its people (the first opens it), its number and what its customers wrote."""

    slug: str
    name: str
    timezone: str
    country: str
    phone_number_id: str
    waba_id: str
    portfolio_id: str
    display_number: str
    number_name: str
    people: tuple[Person, ...]
    talks: list[Talk]


COMPANIES = (
    Company(
        slug="demo",
        name="Petra Home Store",
        timezone="Asia/Amman",
        country="JO",
        phone_number_id="100000000000001",
        waba_id="200000000000001",
        portfolio_id="300000000000001",
        display_number="+962 6 555 0101",
        number_name="Support line",
        people=(
            Person("admin", "admin@demo.test", "Dana", "admin"),
            Person("agent1", "agent1@demo.test", "Sara", "agent"),
            Person("agent2", "agent2@demo.test", "Omar", "agent"),
            Person("marketer", "marketer@demo.test", "Leen", "marketer"),
        ),
        talks=[*english.TALKS, *arabic.TALKS],
    ),
    Company(
        slug="rival",
        name="Dune Travel",
        timezone="Asia/Dubai",
        country="AE",
        phone_number_id="100000000000002",
        waba_id="200000000000002",
        portfolio_id="300000000000002",
        display_number="+971 4 555 0202",
        number_name="Bookings",
        people=(Person("rival-agent1", "agent1@rival.test", "Khalid", "agent"),),
        talks=rival.TALKS,
    ),
)


def fill() -> None:
    """Writes everything in one transaction; does nothing where the workspace `demo` exists already."""
    if Workspace.objects.filter(slug=COMPANIES[0].slug).exists():
        print("the demo's content is there already")
        return
    world = World(DEFAULT_NUMBERS, people.everybody(), version=1)
    # Hashing is slow on purpose; the password is one and public, so its hash may be too.
    password = make_password(PASSWORD)
    with transaction.atomic():
        for company in COMPANIES:
            _open(company, password, world)
    if path := os.environ.get("SIM_STATE_FILE"):
        memory.save(Path(path), world)
    print(f"{sum(len(company.talks) for company in COMPANIES)} conversations in {len(COMPANIES)} workspaces")


def _open(company: Company, password: str, world: World) -> None:
    users = [
        User.objects.create(username=one.username, email=one.email, first_name=one.name, password=password)
        for one in company.people
    ]
    workspace = actions.create_workspace(slug=company.slug, name=company.name, admin=users[0])
    Workspace.objects.filter(pk=workspace.pk).update(timezone=company.timezone, country=company.country)
    # The outsider of the demo is an agent, so `rival` is without an admin, which no action would allow.
    workspace.memberships.update(role=company.people[0].role)
    Membership.objects.bulk_create(
        Membership(workspace=workspace, user=user, role=person.role)
        for user, person in list(zip(users, company.people, strict=True))[1:]
    )
    members = {member.user.username: member for member in workspace.memberships.select_related("user")}
    with scope(workspace.pk):
        number = _number(company, workspace)
        scene = Scene(workspace, number, members, timezone.now(), world)
        write(company.talks, scene)
        templates = marketing.copy_templates(scene)
        if marketer := next((one.username for one in company.people if one.role == "marketer"), None):
            marketing.fill(scene, templates, marketer)


def _number(company: Company, workspace: Workspace) -> PhoneNumber:
    account = BusinessAccount.objects.create(
        workspace=workspace,
        waba_id=company.waba_id,
        portfolio_id=company.portfolio_id,
        name=company.name,
        access_token=f"demo-token-{company.phone_number_id}",
    )
    return PhoneNumber.objects.create(
        workspace=workspace,
        business_account=account,
        phone_number_id=company.phone_number_id,
        display_number=company.display_number,
        name=company.number_name,
        check_state=PhoneNumber.Check.OK,
        check_finished=timezone.now(),
    )
