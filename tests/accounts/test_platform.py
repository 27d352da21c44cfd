"""Django's admin for the platform's staff: it crosses workspaces, is logged, and shows no token."""

import pytest
import structlog
from django.test import Client

from accounts import actions
from accounts.models import Membership, Stream, StreamEvent, User, Workspace
from accounts.tenancy import scope
from inbox.models import Claim, Conversation
from tests.worlds import make_conversation, make_member
from webhooks.models import Delivery, Event


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(
        User.objects.create_superuser(username="staff", email="staff@platform.test", password="x")
    )
    return client


def test_visitors_are_sent_to_the_products_login_and_members_are_refused(demo, client, browser):
    assert client.get("/admin/")["Location"] == "/account/login/?next=/admin/"
    assert client.get("/admin/login/")["Location"] == "/account/login/?next=/admin/login/"
    assert browser(demo.admin).get("/admin/").status_code == 403
    assert browser(demo.admin).get("/admin/accounts/phonenumber/").status_code == 403


def test_every_list_and_form_works_and_sees_all_workspaces(demo, rival, staff):
    with staff_log() as entries:
        numbers = staff.get("/admin/accounts/phonenumber/").content.decode()
    assert "100000000000001" in numbers
    assert "100000000000002" in numbers
    assert [
        (e["who"], e["method"], e["path"], e["status"]) for e in entries if e["event"] == "admin.request"
    ] == [("staff", "GET", "/admin/accounts/phonenumber/", 200)]
    pages = [
        "",
        "accounts/workspace/",
        "accounts/workspace/add/",
        f"accounts/workspace/{demo.id}/change/",
        "accounts/user/",
        "accounts/user/add/",
        f"accounts/user/{demo.admin.user_id}/change/",
        "accounts/membership/",
        f"accounts/membership/{demo.admin.pk}/change/",
        "accounts/invite/",
        "accounts/businessaccount/",
        f"accounts/businessaccount/{demo.account.pk}/change/",
        f"accounts/phonenumber/{demo.number.pk}/change/",
        "webhooks/delivery/",
    ]
    for path in pages:
        page = staff.get(f"/admin/{path}")
        assert page.status_code == 200, path
        assert "demo-token" not in page.content.decode(), path


def staff_log():
    return structlog.testing.capture_logs()


def test_staff_open_a_workspace_with_its_first_admin(staff):
    answer = staff.post(
        "/admin/accounts/workspace/add/",
        {
            "slug": "olive",
            "name": "Olive",
            "timezone": "Asia/Amman",
            "country": "JO",
            "admin_email": "Lina@Olive.Test",
            "admin_name": "Lina",
        },
    )

    assert answer.status_code == 302
    workspace = Workspace.objects.get(slug="olive")
    first = workspace.memberships.select_related("user").get()
    assert (first.role, first.user.email, first.user.has_usable_password()) == (
        "admin",
        "lina@olive.test",
        False,
    )
    with scope(workspace.pk):
        assert Stream.objects.count() == 1


def test_a_taken_slug_is_explained(demo, staff):
    answer = staff.post(
        "/admin/accounts/workspace/add/",
        {
            "slug": "demo",
            "name": "Twin",
            "timezone": "Asia/Amman",
            "country": "JO",
            "admin_email": "a@b.test",
            "admin_name": "A",
        },
    )

    assert "already exists" in answer.content.decode()
    assert not User.objects.filter(email="a@b.test").exists()


def change(staff, membership, role, *, active):
    data = {"role": role, **({"is_active": "on"} if active else {})}
    return staff.post(f"/admin/accounts/membership/{membership.pk}/change/", data)


def test_staff_deactivate_a_member_with_all_that_follows(demo, staff):
    held = make_conversation(demo, holder=demo.agent1)

    assert change(staff, demo.agent1, "agent", active=False).status_code == 302

    demo.agent1.refresh_from_db()
    assert not demo.agent1.is_active
    with scope(demo.id):
        assert Conversation.objects.get(pk=held.pk).state == "unclaimed"


def switch(staff, member, *, active):
    person = member.user
    data = {
        "username": person.username,
        "email": person.email,
        "first_name": person.first_name,
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        **({"is_active": "on"} if active else {}),
    }
    return staff.post(f"/admin/accounts/user/{person.pk}/change/", data)


def test_staff_switch_a_person_off_who_leaves_every_workspace_with_all_that_follows(demo, rival, staff):
    elsewhere = Membership.objects.create(workspace=rival.workspace, user=demo.agent1.user, role="admin")
    invite = actions.invite(member=elsewhere, role="admin")
    here, there = (
        make_conversation(demo, holder=demo.agent1),
        make_conversation(rival, holder=elsewhere),
    )
    colleagues = make_conversation(demo, holder=demo.agent2)

    assert switch(staff, demo.agent1, active=False).status_code == 302

    person = User.objects.get(pk=demo.agent1.user_id)
    assert (person.is_active, person.session_epoch) == (False, 1)
    assert list(person.memberships.values_list("is_active", flat=True)) == [False, False]
    assert actions.find_invite(invite) is None
    for world, row, member in ((demo, here, demo.agent1), (rival, there, elsewhere)):
        with scope(world.id):
            assert Conversation.objects.get(pk=row.pk).state == "unclaimed"
            assert list(Claim.objects.filter(member=member).values_list("outcome", flat=True)) == ["released"]
            events = StreamEvent.objects.filter(kind="member")
            assert list(events.values_list("object_id", flat=True)) == [member.pk]
    with scope(demo.id):
        assert Conversation.objects.get(pk=colleagues.pk).holder_id == demo.agent2.pk


def test_who_is_switched_on_again_waits_to_be_taken_back(demo, staff):
    switch(staff, demo.agent1, active=False)

    switch(staff, demo.agent1, active=True)

    demo.agent1.refresh_from_db()
    assert not demo.agent1.is_active
    actions.reactivate(member=demo.admin, membership_id=demo.agent1.pk)
    demo.agent1.refresh_from_db()
    assert demo.agent1.is_active


def test_a_person_who_is_changed_but_not_switched_off_stays(demo, staff):
    assert switch(staff, demo.agent1, active=True).status_code == 302

    demo.agent1.refresh_from_db()
    assert demo.agent1.is_active


def test_staff_cannot_switch_the_last_admin_off(demo, staff):
    held = make_conversation(demo, holder=demo.admin)

    answer = switch(staff, demo.admin, active=False)

    assert answer.status_code == 200
    assert "Demo: This is the last admin. Make somebody else an admin first." in answer.content.decode()
    demo.admin.refresh_from_db()
    assert (demo.admin.is_active, demo.admin.user.is_active) == (True, True)
    with scope(demo.id):
        assert Conversation.objects.get(pk=held.pk).holder_id == demo.admin.pk


def test_staff_cannot_make_a_switched_off_person_a_member_again(demo, staff):
    switch(staff, demo.agent1, active=False)

    answer = change(staff, demo.agent1, "agent", active=True)

    assert "The platform has switched this account off." in answer.content.decode()
    demo.agent1.refresh_from_db()
    assert not demo.agent1.is_active


def test_staff_cannot_remove_the_last_admin_either(demo, staff):
    answer = change(staff, demo.admin, "agent", active=True)

    assert "This is the last admin" in answer.content.decode()
    demo.admin.refresh_from_db()
    assert demo.admin.role == "admin"


def test_staff_give_a_workspace_an_admin(demo, staff):
    second = make_member(demo.workspace, "second")

    change(staff, second, "admin", active=True)

    assert Membership.objects.filter(workspace=demo.workspace, role="admin").count() == 2


def test_a_raw_delivery_is_shown_and_cannot_be_changed(staff):
    delivery = Delivery.objects.create(body=b'{"entry": [{"id": "7"}]}')
    Event.objects.create(delivery=delivery, position=0, kind="message", state="failed", reason="poisoned")

    page = staff.get(f"/admin/webhooks/delivery/{delivery.pk}/change/").content.decode()
    post = staff.post(f"/admin/webhooks/delivery/{delivery.pk}/change/", {"drained_0": "2026-01-01"})

    assert "poisoned" in page
    assert "entry" in page
    assert post.status_code == 403


def test_an_error_in_the_admin_writes_nothing(demo, staff, monkeypatch):
    def broken(**_):
        raise ZeroDivisionError

    monkeypatch.setattr(actions, "create_workspace", broken)
    staff.raise_request_exception = False

    answer = staff.post(
        "/admin/accounts/workspace/add/",
        {
            "slug": "olive",
            "name": "Olive",
            "timezone": "Asia/Amman",
            "country": "JO",
            "admin_email": "lina@olive.test",
            "admin_name": "Lina",
        },
    )

    assert answer.status_code == 500
    assert not User.objects.filter(email="lina@olive.test").exists()


def test_staff_add_a_person_and_a_taken_address_is_explained(demo, staff):
    def add(username, email):
        return staff.post(
            "/admin/accounts/user/add/",
            {
                "username": username,
                "email": email,
                "usable_password": "false",
                "password1": "",
                "password2": "",
            },
        )

    assert add("huda", "huda@platform.test").status_code == 302
    assert User.objects.get(username="huda").email == "huda@platform.test"
    assert (
        "There is an account with this email address already."
        in add("second", "AGENT1@demo.test").content.decode()
    )
    assert not User.objects.filter(username="second").exists()
