"""The New Conversation page: to one person or to lists, without a script too; what is typed is never lost."""

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership
from accounts.tenancy import scope
from campaigns.models import Audience, Campaign, Language
from inbox.models import Conversation, Message
from phonebook.models import Contact
from tests.worlds import make_contact, make_conversation, make_list, make_template


@pytest.fixture
def browser():
    def logged_in(member):
        client = Client()
        client.force_login(member.user)
        return client

    return logged_in


def form(world, template, **fields):
    return {
        "number": world.number.pk,
        "template": template.pk if template else "",
        "request_id": uuid4(),
        "v:body.1": "Rania",
        "v:body.2": "Saturday",
        **fields,
    }


def messages(world):
    with scope(world.id):
        return list(Message.objects.filter(outgoing=True).select_related("conversation__contact"))


def test_an_agent_writes_to_a_contact_and_holds_the_thread(demo, browser):
    contact, template = make_contact(demo), make_template(demo)
    answer = browser(demo.agent1).post(
        demo.url("new/"), form(demo, template, to="contact", contact=contact.pk)
    )
    (message,) = messages(demo)
    assert answer["Location"] == demo.url(f"inbox/{message.conversation_id}/")
    assert (message.kind, message.template_id) == ("template", template.pk)
    assert message.body == "Hello Rania, our showroom opens on Saturday. Coffee is on us."
    conversation = message.conversation
    assert (conversation.state, conversation.holder_id, conversation.contact_id) == (
        "claimed",
        demo.agent1.pk,
        contact.pk,
    )


def test_a_new_number_becomes_a_contact_of_the_workspaces_country(demo, browser):
    template = make_template(demo)
    fields = form(demo, template, to="number", phone="079 012 3456", name="Maya")
    assert browser(demo.agent1).post(demo.url("new/"), fields).status_code == 302
    (message,) = messages(demo)
    contact = message.conversation.contact
    assert (contact.phone, contact.name) == ("+962790123456", "Maya")


def test_a_double_click_sends_once(demo, browser):
    contact, template = make_contact(demo), make_template(demo)
    fields = form(demo, template, to="contact", contact=contact.pk)
    client = browser(demo.agent1)
    places = {client.post(demo.url("new/"), fields)["Location"] for _ in range(2)}
    assert len(places) == 1
    assert len(messages(demo)) == 1


def test_a_colleagues_customer_is_refused_with_the_colleagues_name(demo, browser):
    template = make_template(demo)
    held = make_conversation(demo, holder=demo.agent2)
    fields = form(demo, template, to="contact", contact=held.contact_id)
    answer = browser(demo.agent1).post(demo.url("new/"), fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Agent2" in page
    assert 'name="v:body.2"' in page
    assert "Saturday" in page
    assert messages(demo) == []
    with scope(demo.id):
        assert Conversation.objects.get(pk=held.pk).holder_id == demo.agent2.pk


def test_missing_and_forbidden_values_are_said_at_their_field_and_kept(demo, browser):
    contact, template = make_contact(demo), make_template(demo)
    fields = form(
        demo, template, to="contact", contact=contact.pk, **{"v:body.1": "two\nlines", "v:body.2": ""}
    )
    answer = browser(demo.agent1).post(demo.url("new/"), fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "two\nlines" in page
    assert page.count("field__error") == 2
    assert messages(demo) == []


def test_without_an_approved_template_the_page_says_so_and_leads_to_the_request(demo, browser):
    make_template(demo, status="PENDING")
    page = browser(demo.agent1).get(demo.url("new/")).content.decode()
    assert "There is no approved template yet" in page
    assert demo.url("templates/new/") in page


def test_to_a_list_it_becomes_a_campaign_with_its_lists_languages_and_variables(demo, browser):
    wanted, left_out = make_list(demo, [make_contact(demo)]), make_list(demo, [], "Staff")
    english, arabic = make_template(demo), make_template(demo, language="ar")
    fields = form(
        demo,
        english,
        to="lists",
        lists=[wanted.pk],
        leave_out=[left_out.pk],
        languages=[arabic.pk],
        spread="2",
        title="Weekend",
        **{"k:body.1": "field", "v:body.1": "first_name", "o:body.1": "dear customer", "k:body.2": "text"},
    )
    client = browser(demo.marketer)
    answer = client.post(demo.url("new/"), fields)
    assert client.post(demo.url("new/"), fields)["Location"] == answer["Location"]
    with scope(demo.id):
        campaign = Campaign.objects.select_related("broadcast").get()
        assert answer["Location"] == demo.url(f"campaigns/{campaign.pk}/")
        assert (campaign.broadcast.name, campaign.spread_seconds) == ("Weekend", 7200)
        assert campaign.variables == {
            "body.1": {"kind": "field", "value": "first_name", "otherwise": "dear customer"},
            "body.2": {"kind": "text", "value": "Saturday", "otherwise": ""},
        }
        assert set(Audience.objects.values_list("list_id", "excluded")) == {
            (wanted.pk, False),
            (left_out.pk, True),
        }
        assert list(Language.objects.order_by("position").values_list("template_id", flat=True)) == [
            english.pk,
            arabic.pk,
        ]


def test_lists_are_offered_to_those_who_may_send_to_them(demo, browser):
    template, people = make_template(demo), make_list(demo, [make_contact(demo)])
    fields = form(demo, template, to="lists", lists=[people.pk])
    client = browser(demo.agent1)
    assert 'value="lists"' not in client.get(demo.url("new/")).content.decode()
    assert client.post(demo.url("new/"), fields).status_code == 422
    Membership.objects.filter(pk=demo.agent1.pk).update(sends_to_lists=True)
    assert 'value="lists"' in client.get(demo.url("new/")).content.decode()
    assert client.post(demo.url("new/"), fields).status_code == 302


def test_choosing_draws_the_form_again_without_scolding_or_sending(demo, browser):
    template, people = make_template(demo), make_list(demo, [make_contact(demo, "Rania Haddad")])
    fields = form(demo, template, to="lists", lists=[people.pk], step="update")
    fields |= {"k:body.1": "field", "v:body.1": "first_name"}
    page = browser(demo.marketer).post(demo.url("new/"), fields).content.decode()
    assert "field__error" not in page
    assert "1 contact" in page
    assert "Hello Rania, our showroom opens on Saturday" in page
    with scope(demo.id):
        assert not Campaign.objects.exists()


def test_the_preview_fills_in_what_is_typed(demo, browser):
    template = make_template(demo)
    fields = form(demo, template, to="contact", step="preview", **{"v:body.1": "Maya"})
    page = (
        browser(demo.agent1).post(demo.url("new/"), fields, headers={"HX-Request": "true"}).content.decode()
    )
    assert "Hello Maya, our showroom opens on Saturday" in page
    assert "<form" not in page


def test_a_scheduled_time_is_read_on_the_workspaces_clock_and_the_past_is_refused(demo, browser):
    template, people = make_template(demo), make_list(demo, [make_contact(demo)])
    fields = form(demo, template, to="lists", lists=[people.pk])
    client = browser(demo.marketer)
    assert client.post(demo.url("new/"), fields | {"starts": "2020-01-01T10:00"}).status_code == 422
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    amman = ZoneInfo("Asia/Amman")
    when = (datetime.now(amman) + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    client.post(demo.url("new/"), fields | {"starts": when.strftime("%Y-%m-%dT%H:%M")})
    with scope(demo.id):
        assert Campaign.objects.get().starts == when


def test_a_test_goes_to_ones_own_number_and_is_remembered(demo, browser):
    template, people = make_template(demo), make_list(demo, [make_contact(demo)])
    fields = form(demo, template, to="lists", lists=[people.pk], test_phone="0790000777")
    client = browser(demo.marketer)
    assert client.post(demo.url("new/test/"), fields).status_code == 200
    (message,) = messages(demo)
    assert message.conversation.contact.phone == "+962790000777"
    assert Membership.objects.get(pk=demo.marketer.pk).test_phone == "+962790000777"
    assert "+962790000777" in client.get(demo.url(f"new/?template={template.pk}")).content.decode()
    with scope(demo.id):
        assert not Campaign.objects.exists()


def test_a_test_without_a_number_says_so(demo, browser):
    answer = browser(demo.marketer).post(
        demo.url("new/test/"), form(demo, make_template(demo), to="contact", test_phone="abc")
    )
    assert answer.status_code == 422
    assert "This is not a phone number." in answer.content.decode()
    assert messages(demo) == []


def test_everything_of_another_workspace_is_no_choice(demo, rival, browser):
    contact, template = make_contact(rival), make_template(rival)
    people = make_list(rival, [contact])
    own = make_template(demo)
    client = browser(demo.marketer)
    for fields in (
        form(demo, own, to="contact", contact=contact.pk),
        form(demo, own, to="lists", lists=[people.pk]),
        form(demo, template, to="contact", contact=make_contact(demo).pk),
        form(demo, own, to="contact", contact=make_contact(demo).pk, number=rival.number.pk),
    ):
        assert client.post(demo.url("new/"), fields).status_code == 422
    assert messages(demo) == messages(rival) == []
    assert browser(rival.admin).get(demo.url("new/")).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_the_same_number_of_questions_however_much_there_is(
    demo, browser, django_assert_num_queries, rows
):
    contacts = [make_contact(demo, f"Contact {number}") for number in range(rows)]
    lists = [make_list(demo, contacts, f"List {number}") for number in range(rows)]
    template = next(make_template(demo, f"template_{number}") for number in range(rows))
    client = browser(demo.marketer)
    fields = form(demo, template, to="lists", lists=[lists[0].pk], step="update")
    client.post(demo.url("new/"), fields)
    with django_assert_num_queries(20):
        client.post(demo.url("new/"), fields)


def test_an_unknown_contact_of_a_link_is_simply_not_chosen(demo, browser):
    make_template(demo)
    client = browser(demo.agent1)
    assert client.get(demo.url("new/?contact=999999")).status_code == 200
    contact = make_contact(demo, "Lina Odeh")
    assert "Lina Odeh" in client.get(demo.url(f"new/?contact={contact.pk}")).content.decode()
    with scope(demo.id):
        assert Contact.objects.count() == 1
