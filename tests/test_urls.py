"""Every URL of a workspace, walked as anonymous, as an outsider, and as each role.

The table below must name every route under /w/<workspace>/: a new one without a line here fails.
"""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Invite
from accounts.tenancy import scope
from inbox.models import Conversation
from tests.worlds import make_conversation, make_message

OK, FOUND, NO_CONTENT, SEE_OTHER, FORBIDDEN = 200, 302, 204, 303, 403
NOT_FOUND, NOT_ALLOWED, CONFLICT, INVALID = 404, 405, 409, 422

# route → what GET answers (agent, marketer, admin) and what an empty POST answers. The conversation is agent1's.
EVERYBODY = (OK, OK, OK)
POST_ONLY = (NOT_ALLOWED,) * 3
READ_ONLY = (NOT_ALLOWED,) * 3
ADMINS = (FORBIDDEN, FORBIDDEN, OK)
TABLE = {
    "inbox/": (EVERYBODY, READ_ONLY),
    "inbox/<c>/": (EVERYBODY, READ_ONLY),
    "inbox/<c>/menu/": (EVERYBODY, READ_ONLY),
    "inbox/<c>/controls/": (EVERYBODY, READ_ONLY),
    "inbox/<c>/older/": ((FOUND, FOUND, FOUND), READ_ONLY),
    "inbox/<c>/claim/": (POST_ONLY, (SEE_OTHER, CONFLICT, CONFLICT)),
    "inbox/<c>/unclaim/": (POST_ONLY, (SEE_OTHER, CONFLICT, SEE_OTHER)),
    "inbox/<c>/close/": (POST_ONLY, (SEE_OTHER, CONFLICT, SEE_OTHER)),
    "inbox/<c>/transfer/": (ADMINS, (FORBIDDEN, FORBIDDEN, INVALID)),
    "inbox/<c>/reply/": (POST_ONLY, (INVALID, INVALID, INVALID)),
    "inbox/<c>/read/": (POST_ONLY, (NO_CONTENT, NO_CONTENT, NO_CONTENT)),
    "inbox/<c>/messages/<m>/again/": (POST_ONLY, (CONFLICT, CONFLICT, CONFLICT)),
    "sign-off/": (EVERYBODY, (SEE_OTHER, SEE_OTHER, SEE_OTHER)),
    "settings/": ((FORBIDDEN, FORBIDDEN, FOUND), READ_ONLY),
    "settings/members/": (ADMINS, READ_ONLY),
    "settings/members/<p>/role/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, NOT_FOUND)),
    "settings/members/<p>/deactivate/": (ADMINS, (FORBIDDEN, FORBIDDEN, FOUND)),
    "settings/members/<p>/reactivate/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, FOUND)),
    "settings/invites/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, INVALID)),
    "settings/invites/<i>/revoke/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, FOUND)),
    "settings/numbers/": (ADMINS, READ_ONLY),
    "settings/numbers/new/": (ADMINS, (FORBIDDEN, FORBIDDEN, OK)),
    "settings/numbers/<n>/": (ADMINS, (FORBIDDEN, FORBIDDEN, OK)),
    "settings/numbers/<n>/check/": (ADMINS, (FORBIDDEN, FORBIDDEN, FOUND)),
}
NAMES = {
    "conversation_id": "<c>",
    "message_id": "<m>",
    "membership_id": "<p>",
    "invite_id": "<i>",
    "number_id": "<n>",
}


def routes(patterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("w/<slug:workspace>/"):
            route = route.removeprefix("w/<slug:workspace>/")
            for name, short in NAMES.items():
                route = route.replace(f"<int:{name}>", short)
            yield route


@pytest.fixture
def paths(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    message = make_message(
        demo, conversation, outgoing=True, status=40, wamid="wamid.OUT", sender=demo.agent1
    )
    invite = Invite.objects.create(
        workspace=demo.workspace, role="agent", token_hash="0" * 64, invited_by=demo.admin
    )
    ids = {
        "<c>": conversation.pk,
        "<m>": message.pk,
        "<p>": demo.agent2.pk,
        "<i>": invite.pk,
        "<n>": demo.number.pk,
    }

    def path(route):
        for short, value in ids.items():
            route = route.replace(short, str(value))
        return demo.url(route)

    return path


def client_of(member=None):
    client = Client()
    if member:
        client.force_login(member.user)
    return client


def test_the_table_names_every_route():
    assert set(routes(get_resolver().url_patterns)) == set(TABLE)


def test_anonymous_is_sent_to_the_login_from_everywhere(paths):
    client = client_of()
    for route in TABLE:
        for method in (client.get, client.post):
            answer = method(paths(route))
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/account/login/"), route


def test_an_agent_and_an_admin_of_another_workspace_find_nothing_anywhere(paths, rival):
    for outsider in (rival.agent1, rival.admin):
        client = client_of(outsider)
        for route in TABLE:
            for method in (client.get, client.post):
                assert method(paths(route)).status_code == 404, route


def test_a_deactivated_member_finds_nothing_anywhere(paths, demo):
    demo.agent2.is_active = False
    demo.agent2.save()
    client = client_of(demo.agent2)
    for route in TABLE:
        assert client.get(paths(route)).status_code == 404, route


def test_ids_of_another_workspace_are_404_under_ones_own(paths, demo, rival):
    theirs = make_conversation(rival, holder=rival.agent1)
    client = client_of(demo.admin)
    for route, (get, _) in TABLE.items():
        if "<c>" in route:
            path = demo.url(route.replace("<c>", str(theirs.pk)).replace("<m>", "1"))
            answer = client.post(path) if get == POST_ONLY else client.get(path)
            assert answer.status_code in {404, INVALID}, route
    with scope(rival.id):
        fresh = Conversation.objects.get(pk=theirs.pk)
        assert (fresh.state, fresh.holder_id) == ("claimed", rival.agent1.pk)


@pytest.mark.parametrize("role", ["agent1", "marketer", "admin"])
@pytest.mark.parametrize("route", sorted(TABLE))
def test_each_role_gets_what_the_table_says(paths, demo, role, route):
    gets, posts = TABLE[route]
    index = ["agent1", "marketer", "admin"].index(role)
    client = client_of(getattr(demo, role))
    assert client.get(paths(route)).status_code == gets[index]
    assert client.post(paths(route)).status_code == posts[index]
