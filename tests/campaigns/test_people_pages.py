"""The people behind a figure: a page, a file, a list."""

import csv
from io import StringIO

from accounts.tenancy import scope
from campaigns.models import Recipient, Skip
from campaigns.people import NAMES
from campaigns.views import people as view
from inbox.models import Message
from phonebook.models import Contact, List, ListMember
from tests.campaigns.plans import answer, sent
from tests.inbox.browsing import send
from tests.inbox.dom import parse
from tests.worlds import make_contact

S = Message.Status


def url(world, campaign, path=""):
    return world.url(f"campaigns/{campaign.pk}/{path}")


def shown(client, world, campaign, path=""):
    return parse(client.get(url(world, campaign, path)))


def test_people_are_listed_with_what_became_of_them(demo, marketer):
    campaign, messages = sent(demo, [S.READ, S.FAILED], error_code=131026)

    page = shown(marketer, demo, campaign, "people/?figure=failed&code=131026")

    [row] = page.one("tbody").all("tr")
    assert row.one(css="person")["href"] == demo.url(f"inbox/{messages[1].conversation_id}/")
    assert row.one(css="told").text == (
        "Failed This person is not on WhatsApp, or the app is too old. Try another way to reach them."
    )
    assert page.one("h1").text == "Failed"
    assert shown(marketer, demo, campaign, "people/?figure=held").one(css="empty").one("h2").text == "Nobody"
    assert marketer.get(url(demo, campaign, "people/?figure=everybody")).status_code == 404
    assert marketer.get(url(demo, campaign, "people/?figure=failed&code=99999999999")).status_code == 404


def rows(response):
    content = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.reader(StringIO(content)))


def test_the_export_is_a_file_that_no_spreadsheet_executes(demo, marketer):
    campaign, _ = sent(demo, [S.READ, S.FAILED], error_code=131026)
    with scope(demo.id):
        Contact.objects.filter(name="Person 0").update(name="=HYPERLINK(1)")

    response = marketer.get(url(demo, campaign, "export/"))

    assert response["Content-Disposition"] == (
        f'attachment; filename="campaign-demo-{campaign.pk}-recipients.csv"'
    )
    heading, *people = rows(response)
    assert heading == ["Name", "Phone number", "Language", "State", "Reason", "Code", "Sent"]
    assert [[row[0], *row[2:4], row[5]] for row in people] == [
        ["'=HYPERLINK(1)", "en", "Read", ""],
        ["Person 1", "en", "Failed", "131026"],
    ]
    assert people[1][4].startswith("This person is not on WhatsApp")
    assert len(rows(marketer.get(url(demo, campaign, "export/?figure=failed")))) == 2


def test_a_long_export_goes_through_all_batches(demo, marketer, monkeypatch):
    monkeypatch.setattr(view, "ROWS_PER_BATCH", 2)
    campaign, _ = sent(demo, [S.READ] * 5)
    names = [row[0] for row in rows(marketer.get(url(demo, campaign, "export/?figure=read")))[1:]]
    assert sorted(names) == [f"Person {n}" for n in range(5)]


def test_the_people_behind_a_figure_become_a_list(demo, marketer):
    campaign, messages = sent(demo, [S.READ, S.READ, S.DELIVERED])
    answer(demo, campaign, messages[0].conversation.contact)
    form = shown(marketer, demo, campaign, "people/?figure=unanswered").one("form", css="save-people")

    saved = send(marketer, form, name="Remind them")

    with scope(demo.id):
        made = List.objects.get(name="Remind them")
        assert list(ListMember.objects.values_list("contact__name", flat=True).filter(list=made)) == [
            "Person 1"
        ]
    assert saved["Location"] == demo.url(f"phonebook/lists/{made.pk}/")
    taken = send(marketer, form, name="Remind them")
    page = parse(taken)
    assert taken.status_code == 422
    assert page.id("list-name")["value"] == "Remind them"
    assert page.id("list-name-error").text


def test_every_figure_can_become_a_list(demo, marketer):
    campaign, messages = sent(demo, [S.READ, S.FAILED, S.PUT_OFF, S.HELD, S.UNCONFIRMED], error_code=131026)
    answer(demo, campaign, messages[0].conversation.contact)
    with scope(demo.id):
        Recipient.objects.create(
            workspace=demo.workspace,
            campaign=campaign,
            contact=make_contact(demo),
            state=2,
            skip=Skip.BLOCKED,
        )
    for name in NAMES:
        data = {"figure": name, "name": f"List of {name}"}
        assert marketer.post(url(demo, campaign, "save-list/"), data).status_code == 303, name
    with scope(demo.id):
        sizes = {
            each.name: ListMember.objects.filter(list=each).count()
            for each in List.objects.filter(name__startswith="List of")
        }
    assert sizes == {
        "List of recipients": 6,
        "List of waiting": 1,
        "List of skipped": 1,
        "List of replied": 1,
        "List of held": 1,
        "List of sent": 1,
        "List of delivered": 1,
        "List of read": 1,
        "List of unanswered": 0,
        "List of failed": 1,
        "List of unconfirmed": 1,
    }
