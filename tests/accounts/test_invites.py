"""Invitations: a link, once, for a few days."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.actions import Refused
from accounts.models import Invite, Membership, User
from tests.inbox.together import together
from tests.worlds import make_member

NEW = {"name": "Huda", "username": "Huda", "email": "Huda@Demo.Test", "password": "olive-basket-41"}


@pytest.fixture
def link(demo):
    return f"/invite/{actions.invite(member=demo.admin, role='marketer')}/"


def shown(answer):
    return re.search(r"http://testserver(/invite/[^<]+/)<", answer.content.decode())


def test_the_link_is_shown_once_and_only_its_hash_is_kept(demo, browser):
    client = browser(demo.admin)

    made = client.post(demo.url("settings/invites/"), {"role": "agent", "email": "huda@demo.test"})
    path = shown(made)[1]
    later = client.get(demo.url("settings/members/"))

    assert shown(later) is None
    assert "huda@demo.test" in later.content.decode()
    token = path.split("/")[2]
    stored = Invite.objects.values().get()
    assert token not in str(stored)
    assert "no-store" in made["Cache-Control"]


def test_a_new_person_makes_an_account_and_is_in(demo, link, client):
    page = client.get(link)
    assert "Join Demo" in page.content.decode()

    answer = client.post(link, NEW)

    assert answer["Location"] == demo.url("inbox/")
    joined = Membership.objects.select_related("user").get(user__username="huda")
    assert (joined.workspace_id, joined.role, joined.user.email) == (demo.id, "marketer", "huda@demo.test")
    assert joined.user.check_password(NEW["password"])
    assert client.get("/")["Location"] == demo.url("inbox/")


def test_a_person_with_an_account_joins_with_it(demo, rival, link, browser):
    client = browser(rival.agent1)
    assert "Join as Agent1" in client.get(link).content.decode()

    answer = client.post(link)

    assert answer["Location"] == demo.url("inbox/")
    assert Membership.objects.get(workspace=demo.workspace, user=rival.agent1.user).role == "marketer"
    assert rival.url("inbox/") in client.get("/").content.decode()


def test_a_former_member_comes_back_with_the_invited_role(demo, link, browser):
    actions.deactivate(member=demo.admin, membership_id=demo.agent1.pk)

    browser(demo.agent1).post(link)

    demo.agent1.refresh_from_db()
    assert (demo.agent1.is_active, demo.agent1.role, demo.agent1.deactivated) == (True, "marketer", None)


def test_a_member_does_not_use_the_invitation_up(demo, link, browser):
    client = browser(demo.agent1)

    assert "already a member" in client.get(link).content.decode()
    assert client.post(link).status_code == 409

    assert Invite.objects.get().is_open
    demo.agent1.refresh_from_db()
    assert demo.agent1.role == "agent"


def test_a_used_invitation_says_so(demo, link, client):
    client.post(link, NEW)

    answer = Client().get(link)

    assert answer.status_code == 410
    assert "has been used already" in answer.content.decode()


def test_an_expired_invitation_says_so_and_lets_nobody_in(demo, link, client):
    Invite.objects.update(expires=timezone.now() - timedelta(seconds=1))

    answer = client.post(link, NEW)

    assert answer.status_code == 410
    assert "has expired" in answer.content.decode()
    assert not User.objects.filter(username="huda").exists()


def test_a_withdrawn_invitation_says_so(demo, link, browser, client):
    browser(demo.admin).post(demo.url(f"settings/invites/{Invite.objects.get().pk}/revoke/"))

    answer = client.get(link)

    assert answer.status_code == 404
    assert "does not exist any more" in answer.content.decode()


def test_nobody_withdraws_the_invitation_of_another_workspace(demo, rival, link, browser):
    browser(rival.admin).post(rival.url(f"settings/invites/{Invite.objects.get().pk}/revoke/"))

    assert Invite.objects.get().is_open


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "agent1-demo"}, "Somebody has this username already"),
        ({"username": "AGENT1-demo"}, "Somebody has this username already"),
        ({"username": "agent1@demo.test"}, "A username has no @"),
        ({"email": "Agent1@demo.test"}, "There is an account with this email address already"),
        ({"password": "short"}, "too short"),
        ({"password": "huda@demo.test"}, "too similar"),
        ({"name": ""}, "required"),
    ],
)
def test_an_account_that_cannot_be_is_explained_and_the_invitation_stays_open(
    demo, link, client, changes, words
):
    answer = client.post(link, NEW | changes)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Invite.objects.get().is_open
    assert not User.objects.filter(username="huda").exists()


def test_of_ten_people_with_one_link_one_gets_in(demo, link):
    invite_id = Invite.objects.get().pk

    def come(n):
        return actions.admit(
            invite_id=invite_id,
            name=f"P{n}",
            username=f"p{n}",
            email=f"p{n}@demo.test",
            password="olive-basket-41",
        )

    outcomes = together(*(lambda n=n: come(n) for n in range(10)))

    assert sum(isinstance(outcome, Membership) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 9
    # Whoever was too late has no account either.
    assert User.objects.filter(username__startswith="p").count() == 1


def test_one_person_with_two_links_becomes_one_member(demo, rival):
    ids = [
        actions.find_invite(actions.invite(member=demo.admin, role=role)).pk for role in ("agent", "marketer")
    ]

    together(*(lambda i=i: actions.accept(invite_id=i, user=rival.agent1.user) for i in ids))

    assert Membership.objects.filter(workspace=demo.workspace, user=rival.agent1.user).count() == 1
    assert Invite.objects.filter(accepted__isnull=False).count() == 1


def test_two_people_who_want_one_username_at_once_get_words_not_an_error(demo):
    ids = [actions.find_invite(actions.invite(member=demo.admin, role="agent")).pk for _ in range(2)]

    outcomes = together(
        *(
            lambda i=i: actions.admit(
                invite_id=i,
                name="Huda",
                username="huda",
                email=f"huda{i}@demo.test",
                password="olive-basket-41",
            )
            for i in ids
        )
    )

    (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused.field == "username"


def test_an_agent_cannot_invite(demo):
    with pytest.raises(Refused):
        actions.invite(member=demo.agent1, role="admin")


@pytest.mark.parametrize("how", ["deactivated", "demoted"])
def test_an_ex_admin_does_not_come_back_by_an_invitation_of_their_own(demo, browser, how):
    second = make_member(demo.workspace, "second", "admin")
    path = f"/invite/{actions.invite(member=second, role='admin')}/"
    used = actions.find_invite(actions.invite(member=second, role="agent"))
    actions.admit(
        invite_id=used.pk, name="Huda", username="huda", email="huda@demo.test", password="olive-basket-41"
    )
    colleagues = actions.find_invite(actions.invite(member=demo.admin, role="agent"))

    if how == "deactivated":
        actions.deactivate(member=demo.admin, membership_id=second.pk)
    else:
        actions.change_role(member=demo.admin, membership_id=second.pk, role="agent")
        actions.deactivate(member=demo.admin, membership_id=second.pk)
    answer = browser(second).post(path)

    assert answer.status_code == 404
    assert "does not exist any more" in answer.content.decode()
    second.refresh_from_db()
    assert not second.is_active
    assert set(Invite.objects.values_list("pk", flat=True)) == {used.pk, colleagues.pk}


def test_a_demoted_admin_has_no_open_invitations(demo):
    second = make_member(demo.workspace, "second", "admin")
    actions.invite(member=second, role="admin")

    actions.change_role(member=demo.admin, membership_id=second.pk, role="marketer")

    assert not Invite.objects.exists()


@pytest.mark.parametrize("change", [{"role": "agent"}, {"is_active": False}])
def test_nobody_joins_by_an_invitation_whose_author_is_no_active_admin(demo, link, client, change):
    make_member(demo.workspace, "second", "admin")
    Membership.objects.filter(pk=demo.admin.pk).update(**change)

    answer = client.post(link, NEW)

    assert answer.status_code == 409
    assert "Whoever invited you is no longer an admin of this workspace." in answer.content.decode()
    assert not User.objects.filter(username="huda").exists()
    assert Invite.objects.get().accepted is None


def test_nobody_joins_by_an_invitation_of_a_switched_off_account(demo, link, client):
    User.objects.filter(pk=demo.admin.user_id).update(is_active=False)

    assert client.post(link, NEW).status_code == 409
    assert not User.objects.filter(username="huda").exists()


def test_who_accepts_while_the_author_is_removed_is_in_before_or_not_at_all(demo):
    second = make_member(demo.workspace, "second", "admin")
    ids = [actions.find_invite(actions.invite(member=second, role="admin")).pk for _ in range(5)]

    def come(n, invite_id):
        return actions.admit(
            invite_id=invite_id,
            name=f"P{n}",
            username=f"p{n}",
            email=f"p{n}@demo.test",
            password="olive-basket-41",
        )

    outcomes = together(
        *(lambda n=n, i=i: come(n, i) for n, i in enumerate(ids)),
        lambda: actions.deactivate(member=demo.admin, membership_id=second.pk),
    )

    assert all(isinstance(outcome, Membership | Refused) for outcome in outcomes)
    let_in = sum(isinstance(outcome, Membership) for outcome in outcomes[:-1])
    assert User.objects.filter(username__startswith="p", email__startswith="p").count() == let_in
    assert Invite.objects.count() == let_in
