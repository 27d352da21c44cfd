"""Every URL of a workspace, walked as anonymous, as an outsider, and as each role.

The table below must name every route under /w/<workspace>/: a new one without a line here fails.
"""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import Invite
from accounts.tenancy import scope
from inbox.models import Broadcast, Conversation
from phonebook.models import Import, Keyword, Label, List
from templates_wa.models import HeaderFile, Request
from tests.campaigns.plans import prepared
from tests.worlds import make_conversation, make_message, make_template

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
    "inbox/<c>/template/": (EVERYBODY, (OK, OK, OK)),
    "inbox/broadcasts/<h>/": ((FOUND, FOUND, FOUND), READ_ONLY),
    "inbox/<c>/read/": (POST_ONLY, (NO_CONTENT, NO_CONTENT, NO_CONTENT)),
    "inbox/<c>/messages/<m>/again/": (POST_ONLY, (CONFLICT, CONFLICT, CONFLICT)),
    "sign-off/": (EVERYBODY, (SEE_OTHER, SEE_OTHER, SEE_OTHER)),
    "phonebook/": (EVERYBODY, READ_ONLY),
    "phonebook/contacts/new/": (EVERYBODY, (INVALID, INVALID, INVALID)),
    "phonebook/contacts/<k>/": (EVERYBODY, READ_ONLY),
    "phonebook/contacts/<k>/edit/": (EVERYBODY, (INVALID, INVALID, INVALID)),
    "phonebook/contacts/<k>/labels/": (POST_ONLY, (FOUND, FOUND, FOUND)),
    "phonebook/contacts/<k>/consent/": (POST_ONLY, (INVALID, INVALID, INVALID)),
    "phonebook/contacts/<k>/block/": (POST_ONLY, (FOUND, FOUND, FOUND)),
    "phonebook/contacts/<k>/unblock/": (POST_ONLY, (FOUND, FOUND, FOUND)),
    "phonebook/contacts/<k>/merge/": ((FORBIDDEN, OK, OK), (FORBIDDEN, INVALID, INVALID)),
    "phonebook/export/": ((FORBIDDEN, OK, OK), READ_ONLY),
    "phonebook/labels/": (EVERYBODY, (INVALID, INVALID, INVALID)),
    "phonebook/labels/<b>/": (EVERYBODY, (INVALID, INVALID, INVALID)),
    "phonebook/labels/<b>/delete/": (EVERYBODY, (FOUND, FOUND, FOUND)),
    "phonebook/consent/": (ADMINS, READ_ONLY),
    "phonebook/consent/rule/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, INVALID)),
    "phonebook/consent/keywords/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, INVALID)),
    "phonebook/consent/keywords/<w>/remove/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, FOUND)),
    "phonebook/lists/": (EVERYBODY, READ_ONLY),
    "phonebook/lists/new/": ((FORBIDDEN, OK, OK), (FORBIDDEN, OK, OK)),
    "phonebook/lists/new/rule/": ((FORBIDDEN, OK, OK), (FORBIDDEN, OK, OK)),
    "phonebook/lists/combine/": ((FORBIDDEN, OK, OK), (FORBIDDEN, INVALID, INVALID)),
    "phonebook/lists/<l>/": (EVERYBODY, READ_ONLY),
    "phonebook/lists/<l>/edit/": ((FORBIDDEN, OK, OK), (FORBIDDEN, INVALID, INVALID)),
    "phonebook/lists/<l>/add/": ((FORBIDDEN, OK, OK), (FORBIDDEN, OK, OK)),
    "phonebook/lists/<l>/remove/": (POST_ONLY, (FORBIDDEN, FOUND, FOUND)),
    "phonebook/lists/<l>/copy/": ((FORBIDDEN, OK, OK), (FORBIDDEN, INVALID, INVALID)),
    "phonebook/lists/<l>/delete/": ((FORBIDDEN, OK, OK), (FORBIDDEN, FOUND, FOUND)),
    "phonebook/imports/": ((FORBIDDEN, OK, OK), READ_ONLY),
    "phonebook/imports/new/": ((FORBIDDEN, OK, OK), (FORBIDDEN, INVALID, INVALID)),
    "phonebook/imports/<x>/": ((FORBIDDEN, OK, OK), READ_ONLY),
    "phonebook/imports/<x>/map/": ((FORBIDDEN, OK, OK), (FORBIDDEN, INVALID, INVALID)),
    "phonebook/imports/<x>/run/": (POST_ONLY, (FORBIDDEN, FOUND, FOUND)),
    "phonebook/imports/<x>/progress/": ((FORBIDDEN, OK, OK), READ_ONLY),
    "phonebook/imports/<x>/errors/": ((FORBIDDEN, OK, OK), READ_ONLY),
    "phonebook/imports/<x>/discard/": ((FORBIDDEN, OK, OK), (FORBIDDEN, FOUND, FOUND)),
    "templates/": (EVERYBODY, READ_ONLY),
    "templates/sync/": ((FOUND, FOUND, FOUND), (FOUND, FOUND, FOUND)),
    "templates/files/": (POST_ONLY, (OK, OK, OK)),
    "templates/files/<f>/": (EVERYBODY, READ_ONLY),
    "templates/<t>/": (EVERYBODY, READ_ONLY),
    "templates/<t>/fill/": (EVERYBODY, READ_ONLY),
    "templates/<t>/preview/": (POST_ONLY, (OK, OK, OK)),
    "campaigns/": (EVERYBODY, READ_ONLY),
    "campaigns/<g>/": (EVERYBODY, READ_ONLY),
    "broadcasts/<h>/": ((FOUND, FOUND, FOUND), READ_ONLY),
    "campaigns/<g>/figures/": (EVERYBODY, READ_ONLY),
    "campaigns/<g>/people/": (EVERYBODY, READ_ONLY),
    "campaigns/<g>/export/": ((FORBIDDEN, OK, OK), READ_ONLY),
    "campaigns/<g>/launch/": (POST_ONLY, (FORBIDDEN, SEE_OTHER, SEE_OTHER)),
    "campaigns/<g>/schedule/": (POST_ONLY, (FORBIDDEN, INVALID, INVALID)),
    "campaigns/<g>/unschedule/": (POST_ONLY, (FORBIDDEN, SEE_OTHER, SEE_OTHER)),
    "campaigns/<g>/pause/": (POST_ONLY, (FORBIDDEN, SEE_OTHER, SEE_OTHER)),
    "campaigns/<g>/resume/": (POST_ONLY, (FORBIDDEN, SEE_OTHER, SEE_OTHER)),
    "campaigns/<g>/cancel/": (POST_ONLY, (FORBIDDEN, SEE_OTHER, SEE_OTHER)),
    "campaigns/<g>/retry/": (POST_ONLY, (FORBIDDEN, SEE_OTHER, SEE_OTHER)),
    "campaigns/<g>/duplicate/": (POST_ONLY, (FORBIDDEN, SEE_OTHER, SEE_OTHER)),
    "campaigns/<g>/save-list/": (POST_ONLY, (FORBIDDEN, INVALID, INVALID)),
    "settings/": ((FORBIDDEN, FORBIDDEN, FOUND), READ_ONLY),
    "settings/members/": (ADMINS, READ_ONLY),
    "settings/members/<p>/role/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, NOT_FOUND)),
    "settings/members/<p>/lists/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, FOUND)),
    "settings/members/<p>/deactivate/": (ADMINS, (FORBIDDEN, FORBIDDEN, FOUND)),
    "settings/members/<p>/reactivate/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, FOUND)),
    "settings/invites/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, INVALID)),
    "settings/invites/<i>/revoke/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, FOUND)),
    "settings/numbers/": (ADMINS, READ_ONLY),
    "settings/numbers/new/": (ADMINS, (FORBIDDEN, FORBIDDEN, OK)),
    "settings/numbers/<n>/": (ADMINS, (FORBIDDEN, FORBIDDEN, OK)),
    "settings/numbers/<n>/check/": (ADMINS, (FORBIDDEN, FORBIDDEN, FOUND)),
    "new/": (EVERYBODY, (INVALID, INVALID, INVALID)),
    "new/test/": (POST_ONLY, (INVALID, INVALID, INVALID)),
    "templates/new/": ((FORBIDDEN, OK, OK), (FORBIDDEN, OK, OK)),
    "templates/<t>/edit/": (ADMINS, ADMINS),
    "templates/<t>/delete/": (ADMINS, (FORBIDDEN, FORBIDDEN, FOUND)),
    "templates/<t>/unpause/": (POST_ONLY, (FORBIDDEN, FORBIDDEN, FOUND)),
    "templates/requests/": (EVERYBODY, READ_ONLY),
    "templates/requests/<q>/": (EVERYBODY, (INVALID, INVALID, INVALID)),
    "templates/requests/<q>/withdraw/": (POST_ONLY, (FOUND, FOUND, FOUND)),
}
NAMES = {
    "request_id": "<q>",
    "conversation_id": "<c>",
    "message_id": "<m>",
    "membership_id": "<p>",
    "invite_id": "<i>",
    "number_id": "<n>",
    "template_id": "<t>",
    "campaign_id": "<g>",
    "file_id": "<f>",
    "contact_id": "<k>",
    "label_id": "<b>",
    "broadcast_id": "<h>",
    "keyword_id": "<w>",
    "list_id": "<l>",
    "import_id": "<x>",
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
    with scope(demo.id):
        label = Label.objects.create(workspace=demo.workspace, name="Showroom")
        keyword = Keyword.objects.create(workspace=demo.workspace, word="no more", choice=2)
        chosen = List.objects.create(workspace=demo.workspace, name="Visitors")
        sent = Import.objects.create(
            workspace=demo.workspace, name="a.csv", content=b"", state="mapping", created_by=demo.marketer
        )
        kept = HeaderFile.objects.create(
            workspace=demo.workspace, name="a.png", mime="image/png", sha256="0" * 64, content=b"x"
        )
        asked = Request.objects.create(
            workspace=demo.workspace,
            account=demo.account,
            requested_by=demo.marketer,
            name="a",
            language="en",
        )
    campaign = prepared(demo, [conversation.contact])
    with scope(demo.id):
        Broadcast.objects.filter(pk=campaign.broadcast_id).update(started=timezone.now())
    ids = {
        "<c>": conversation.pk,
        "<m>": message.pk,
        "<p>": demo.agent2.pk,
        "<i>": invite.pk,
        "<n>": demo.number.pk,
        "<t>": make_template(demo).pk,
        "<g>": campaign.pk,
        "<f>": kept.pk,
        "<k>": conversation.contact_id,
        "<b>": label.pk,
        "<h>": campaign.broadcast_id,
        "<w>": keyword.pk,
        "<l>": chosen.pk,
        "<x>": sent.pk,
        "<q>": asked.pk,
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
