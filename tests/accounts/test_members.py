"""Settings, members: roles, leaving, coming back, and the admin who must remain."""

import pytest
from django.test import Client

from accounts import actions
from accounts.actions import Refused
from accounts.models import Membership, StreamEvent, User
from accounts.tenancy import scope
from inbox.models import Claim, Conversation
from tests.inbox.together import together
from tests.worlds import make_conversation, make_member


def roles(world):
    return dict(
        Membership.objects.filter(workspace=world.workspace, is_active=True).values_list(
            "user__first_name", "role"
        )
    )


def member_events(world):
    with scope(world.id):
        return list(StreamEvent.objects.filter(kind="member").values_list("object_id", flat=True))


def post(world, client, path, **data):
    return client.post(world.url(f"settings/{path}"), data)


def test_the_list_names_everybody_and_only_the_own_workspace(demo, rival, browser):
    page = browser(demo.admin).get(demo.url("settings/members/")).content.decode()

    for name in ("agent1", "agent2", "marketer", "admin"):
        assert f"{name}@demo.test" in page
    assert "rival" not in page


@pytest.mark.parametrize("more", [1, 3])
def test_the_list_asks_the_same_number_of_questions_for_any_number_of_members(
    demo, browser, django_assert_num_queries, more
):
    client = browser(demo.admin)
    for n in range(more):
        make_member(demo.workspace, f"extra{n}")

    # session, user, membership; scope: begin, read only, enter, leave, commit; members, invites, workspaces, counts
    with django_assert_num_queries(12):
        client.get(demo.url("settings/members/"))


def test_an_admin_changes_a_role_and_the_members_sockets_are_told(demo, browser):
    answer = post(demo, browser(demo.admin), f"members/{demo.agent1.pk}/role/", role="marketer")

    assert answer["Location"] == demo.url("settings/members/")
    assert roles(demo)["Agent1"] == "marketer"
    assert member_events(demo) == [demo.agent1.pk]


def test_an_unknown_role_changes_nothing(demo, browser):
    answer = post(demo, browser(demo.admin), f"members/{demo.agent1.pk}/role/", role="emperor")

    assert answer.status_code == 404
    assert roles(demo)["Agent1"] == "agent"


def test_an_admin_who_becomes_an_agent_leaves_the_settings(demo, browser):
    make_member(demo.workspace, "second", "admin")

    answer = post(demo, browser(demo.admin), f"members/{demo.admin.pk}/role/", role="agent")

    assert answer["Location"] == "/"


def test_the_last_admin_stays_one(demo, browser):
    client = browser(demo.admin)

    page = client.post(demo.url(f"settings/members/{demo.admin.pk}/role/"), {"role": "agent"}, follow=True)
    post(demo, client, f"members/{demo.admin.pk}/deactivate/")

    assert "This is the last admin" in page.content.decode()
    assert roles(demo)["Admin"] == "admin"


def test_a_deactivated_admin_is_none_to_count_on(demo):
    second = make_member(demo.workspace, "second", "admin", is_active=False)

    with pytest.raises(Refused, match="last admin"):
        actions.change_role(member=demo.admin, membership_id=demo.admin.pk, role="agent")
    assert second.role == "admin"


@pytest.mark.parametrize("verb", ["demote", "deactivate", "mixed"])
def test_two_admins_who_remove_each_other_at_once_leave_one(demo, verb):
    second = make_member(demo.workspace, "second", "admin")

    def remove(member, other, how):
        if how == "demote":
            return actions.change_role(member=member, membership_id=other.pk, role="agent")
        return actions.deactivate(member=member, membership_id=other.pk)

    first_how, second_how = {"mixed": ("demote", "deactivate")}.get(verb, (verb, verb))
    outcomes = together(
        lambda: remove(demo.admin, second, first_how), lambda: remove(second, demo.admin, second_how)
    )

    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1
    assert list(roles(demo).values()).count("admin") == 1


def test_ten_admins_who_all_step_down_at_once_leave_one(demo):
    admins = [demo.admin, *(make_member(demo.workspace, f"admin{n}", "admin") for n in range(9))]

    outcomes = together(
        *(
            lambda who=who: actions.change_role(member=who, membership_id=who.pk, role="agent")
            for who in admins
        )
    )

    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1
    assert list(roles(demo).values()).count("admin") == 1


def test_deactivating_asks_first(demo, browser):
    page = browser(demo.admin).get(demo.url(f"settings/members/{demo.agent1.pk}/deactivate/"))

    assert "Deactivate Agent1?" in page.content.decode()
    assert "Agent1" in roles(demo)


def test_deactivating_ends_sessions_and_returns_claims(demo, browser):
    theirs = browser(demo.agent1)
    held = make_conversation(demo, holder=demo.agent1)
    other = make_conversation(demo, holder=demo.agent2)
    assert theirs.get("/")["Location"] == demo.url("inbox/")

    post(demo, browser(demo.admin), f"members/{demo.agent1.pk}/deactivate/")

    assert theirs.get("/")["Location"] == "/account/login/?next=/"
    assert "_auth_user_id" not in theirs.session
    with scope(demo.id):
        assert Conversation.objects.get(pk=held.pk).state == "unclaimed"
        assert Conversation.objects.get(pk=other.pk).holder_id == demo.agent2.pk
        assert list(Claim.objects.filter(member=demo.agent1).values_list("outcome", flat=True)) == [
            "released"
        ]
    assert member_events(demo) == [demo.agent1.pk]


def test_who_is_a_member_elsewhere_stays_logged_in_there(demo, rival, browser):
    Membership.objects.create(workspace=rival.workspace, user=demo.agent1.user)
    theirs = browser(demo.agent1)

    actions.deactivate(member=demo.admin, membership_id=demo.agent1.pk)

    assert theirs.get("/")["Location"] == rival.url("inbox/")
    assert theirs.get(demo.url("inbox/")).status_code == 404


def test_a_deactivated_member_is_nobody_until_they_are_taken_back(demo, browser):
    actions.deactivate(member=demo.admin, membership_id=demo.agent1.pk)
    assert browser(demo.agent1).get(demo.url("inbox/")).status_code == 404

    post(demo, browser(demo.admin), f"members/{demo.agent1.pk}/reactivate/")

    assert roles(demo)["Agent1"] == "agent"
    assert browser(demo.agent1).get("/")["Location"] == demo.url("inbox/")


def test_a_switched_off_account_is_not_taken_back(demo):
    actions.deactivate(member=demo.admin, membership_id=demo.agent1.pk)
    User.objects.filter(pk=demo.agent1.user_id).update(is_active=False)

    with pytest.raises(Refused, match="The platform has switched this account off"):
        actions.reactivate(member=demo.admin, membership_id=demo.agent1.pk)

    assert "Agent1" not in roles(demo)


def test_a_switched_off_admin_is_none_to_count_on(demo):
    second = make_member(demo.workspace, "second", "admin")
    User.objects.filter(pk=second.user_id).update(is_active=False)

    with pytest.raises(Refused, match="last admin"):
        actions.change_role(member=demo.admin, membership_id=demo.admin.pk, role="agent")
    with pytest.raises(Refused, match="no longer an admin"):
        actions.deactivate(member=second, membership_id=demo.agent1.pk)


def test_deactivating_twice_is_once(demo):
    first = actions.deactivate(member=demo.admin, membership_id=demo.agent1.pk)
    second = actions.deactivate(member=demo.admin, membership_id=demo.agent1.pk)

    assert second.deactivated == first.deactivated
    assert member_events(demo) == [demo.agent1.pk]


def test_an_admin_who_lost_the_role_meanwhile_is_refused(demo):
    make_member(demo.workspace, "second", "admin")
    actions.change_role(member=demo.admin, membership_id=demo.admin.pk, role="agent")

    with pytest.raises(Refused, match="no longer an admin"):
        actions.deactivate(member=demo.admin, membership_id=demo.agent1.pk)


def test_an_admin_reaches_nobody_of_another_workspace(demo, rival, browser):
    client = browser(demo.admin)

    for path in ("role", "deactivate", "reactivate"):
        answer = post(demo, client, f"members/{rival.agent1.pk}/{path}/", role="admin")
        assert answer.status_code == 404

    assert roles(rival)["Agent1"] == "agent"


GETS = [
    "",
    "members/",
    "members/{m}/deactivate/",
    "numbers/",
    "numbers/new/",
    "numbers/{n}/",
    "numbers/{n}/check/",
]
POSTS = [
    "members/{m}/role/",
    "members/{m}/deactivate/",
    "members/{m}/reactivate/",
    "invites/",
    "invites/1/revoke/",
    "numbers/new/",
    "numbers/{n}/",
    "numbers/{n}/check/",
]


@pytest.mark.parametrize(("method", "path"), [("get", p) for p in GETS] + [("post", p) for p in POSTS])
def test_only_admins_see_and_use_the_settings(demo, rival, browser, method, path):
    url = demo.url("settings/" + path.format(m=demo.agent2.pk, n=demo.number.pk))
    before = roles(demo)

    def status(client):
        answer = getattr(client, method)(url)
        return answer.status_code, answer.get("Location", "").partition("?")[0]

    assert status(Client()) == (302, "/account/login/")
    assert status(browser(rival.admin)) == (404, "")
    assert status(browser(demo.agent1)) == (403, "")
    assert status(browser(demo.marketer)) == (403, "")
    assert roles(demo) == before
    assert status(browser(demo.admin))[0] != 403


def test_the_rail_shows_settings_to_admins_only(demo, browser):
    link = f'href="{demo.url("settings/members/")}"'

    assert link in browser(demo.admin).get(demo.url("settings/members/")).content.decode()
    refused = browser(demo.agent1).get(demo.url("settings/members/")).content.decode()
    assert link not in refused
    assert "Your role does not include this" in refused


def test_a_piece_asked_for_after_the_session_ended_sends_the_whole_page_to_the_login(demo):
    page = demo.url("settings/numbers/")
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}

    answer = Client().get(demo.url(f"settings/numbers/{demo.number.pk}/check/"), headers=headers)

    assert answer["HX-Redirect"] == f"/account/login/?next={page}"
    assert answer.content == b""


def test_an_admin_lets_an_agent_send_to_lists_and_takes_it_back(demo, browser):
    client, path = browser(demo.admin), f"members/{demo.agent1.pk}/lists/"
    assert not Membership.objects.get(pk=demo.agent1.pk).may_send_to_lists

    answer = post(demo, client, path, allowed="1")
    assert answer["Location"] == demo.url("settings/members/")
    assert Membership.objects.get(pk=demo.agent1.pk).may_send_to_lists
    assert not Membership.objects.get(pk=demo.agent2.pk).may_send_to_lists
    assert "Take back" in client.get(demo.url("settings/members/")).content.decode()
    post(demo, client, path, allowed="1")
    assert member_events(demo) == [demo.agent1.pk]  # once: their sockets come back with the new right

    post(demo, client, path)
    assert not Membership.objects.get(pk=demo.agent1.pk).may_send_to_lists


def test_nobody_else_gives_that_right_away(demo, rival, browser):
    path = f"members/{demo.agent1.pk}/lists/"
    assert post(demo, browser(demo.marketer), path, allowed="1").status_code == 403
    assert browser(rival.admin).post(demo.url(f"settings/{path}"), {"allowed": "1"}).status_code == 404
    assert post(rival, browser(rival.admin), path, allowed="1").status_code == 404
    with pytest.raises(Refused):
        actions.allow_lists(member=demo.agent2, membership_id=demo.agent1.pk, allowed=True)
    assert not Membership.objects.get(pk=demo.agent1.pk).may_send_to_lists


def test_where_ones_own_tests_go_is_remembered(demo):
    actions.remember_test_phone(member=demo.agent1, phone="+962790000001")
    assert Membership.objects.get(pk=demo.agent1.pk).test_phone == "+962790000001"
    assert Membership.objects.get(pk=demo.agent2.pk).test_phone == ""
