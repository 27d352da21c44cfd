"""What is done to a contact from its page: labels, consent, block, merge."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from accounts.tenancy import scope
from phonebook.models import Consent, Contact, Marketing
from tests.inbox.dom import parse
from tests.phonebook.pages import fresh, of, page, put_labels, rows, update
from tests.worlds import make_contact

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN, OUT = Marketing.OPTED_IN, Marketing.OPTED_OUT


def test_labels_are_set_on_the_contacts_page(demo, agent):
    rania = make_contact(demo)
    put_labels(demo, rania, "VIP")
    url = demo.url(f"phonebook/{of(rania, 'labels/')}")

    agent.post(url, {"labels": [], "new_labels": "Visitor"})
    assert rows(page(agent, demo))[0][2] == "Visitor"
    answer = agent.post(url, {"new_labels": "x" * 41})
    assert (answer.status_code, "at most 40" in parse(answer).text) == (422, True)
    assert parse(answer).one("input", name="new_labels")["value"] == "x" * 41


def record(client, world, contact, **fields):
    data = {"choice": IN, "wording": "At the fair", "on": timezone.now().date().isoformat(), **fields}
    return client.post(world.url(f"phonebook/{of(contact, 'consent/')}"), data)


def test_consent_is_recorded_with_its_words_and_day(demo, agent):
    rania = make_contact(demo)

    record(agent, demo, rania, on="2026-03-01")
    assert (fresh(demo, rania).marketing, fresh(demo, rania).marketing_at) == (
        IN,
        datetime(2026, 2, 28, 21, tzinfo=UTC),  # midnight in Amman
    )
    record(agent, demo, rania, choice=OUT, on="2026-03-01", wording="")

    found = fresh(demo, rania)
    assert (found.marketing, found.marketing_at) == (
        OUT,
        datetime(2026, 3, 1, 20, 59, 59, 999999, tzinfo=UTC),
    )
    with scope(demo.id):
        entries = Consent.objects.order_by("id").values_list("choice", "source", "wording", "member_id")
        assert list(entries) == [
            (IN, "agent", "At the fair", demo.agent1.pk),
            (OUT, "agent", "", demo.agent1.pk),
        ]


def test_an_opt_in_of_long_ago_after_an_opt_out_is_kept_and_said_to_change_nothing(demo, agent):
    rania = make_contact(demo)
    record(agent, demo, rania, choice=OUT, on="2026-03-02")

    answer = agent.get(record(agent, demo, rania, on="2026-03-01")["Location"])

    assert "said something else since: that counts" in parse(answer).text
    assert fresh(demo, rania).marketing == OUT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wording": ""}, "Write down what the customer agreed to"),
        ({"choice": ""}, "Say whether the customer wants marketing."),
        ({"on": "2999-01-01"}, "This date is in the future."),
        ({"on": "soon"}, "Enter a valid date."),
    ],
)
def test_a_consent_that_proves_nothing_is_refused_beside_its_field(demo, agent, changes, words):
    rania = make_contact(demo)

    answer = record(agent, demo, rania, **changes)

    tree = parse(answer)
    assert (answer.status_code, words in tree.text) == (422, True)
    assert tree.one("details", "more").get("open") == ""
    assert fresh(demo, rania).marketing == Marketing.UNKNOWN


def test_a_blocked_contact_is_visible_as_such_and_can_be_unblocked(demo, agent):
    rania = make_contact(demo, "Rania")

    agent.post(demo.url(f"phonebook/{of(rania, 'block/')}"))
    tree = page(agent, demo, of(rania))
    assert "Blocked" in tree.one("h1").text
    assert "New Conversation" not in tree.one("main").text
    agent.post(demo.url(f"phonebook/{of(rania, 'unblock/')}"))

    assert fresh(demo, rania).blocked is None
    assert "New Conversation" in page(agent, demo, of(rania)).one("main").text


def test_two_contacts_are_found_compared_and_merged(demo, marketer):
    rania, other = make_contact(demo, "Rania", "962770000001"), make_contact(demo, "Rania H.", "962770000002")
    url = demo.url(f"phonebook/{of(rania, 'merge/')}")

    found = parse(marketer.get(url, {"q": "rania"}))
    assert [link["href"] for link in found.all("a", "choice")] == [f"?with={other.pk}"]
    compared = parse(marketer.get(url, {"with": other.pk}))
    assert [box["value"] for box in compared.all("input", type="radio")] == [str(rania.pk), str(other.pk)]
    assert marketer.post(url, {"with": other.pk}).status_code == 422
    answer = marketer.post(url, {"with": other.pk, "keep": other.pk})

    assert answer["Location"] == demo.url(f"phonebook/{of(other)}")
    assert fresh(demo, rania).merged_into_id == other.pk


def test_one_person_twice_is_noticed(demo, agent, marketer):
    typed = make_contact(demo, "Rania", "962770000001")
    with scope(demo.id):
        twin = Contact.objects.create(workspace=demo.workspace, username="rania.h", phone="+962770000001")

    assert "“ Rania ” has the same number" in page(agent, demo, of(twin)).text
    link = page(marketer, demo, of(twin)).one(css="notice--warn").one("a")["href"]
    assert link == demo.url(f"phonebook/{of(twin, 'merge/')}") + f"?with={typed.pk}"
    assert [a["href"] for a in page(marketer, demo, of(twin, "merge/")).all("a", "choice")] == [
        f"?with={typed.pk}"
    ]


def test_another_workspaces_contact_is_not_there(demo, rival, marketer):
    theirs = make_contact(rival, "Theirs")
    ours = make_contact(demo, "Ours")

    for path in ("", "edit/", "merge/"):
        assert marketer.get(demo.url(f"phonebook/{of(theirs, path)}")).status_code == 404
    for path in ("edit/", "labels/", "consent/", "block/", "unblock/", "merge/"):
        data = {"choice": IN, "wording": "x", "on": "2026-03-01", "name": "Mine"}
        assert marketer.post(demo.url(f"phonebook/{of(theirs, path)}"), data).status_code == 404
    data = {"with": theirs.pk, "keep": ours.pk}
    assert marketer.get(demo.url(f"phonebook/{of(ours, 'merge/')}"), data).status_code == 404
    assert marketer.post(demo.url(f"phonebook/{of(ours, 'merge/')}"), data).status_code == 404

    kept = fresh(rival, theirs)
    assert (kept.name, kept.marketing, kept.blocked, kept.merged_into_id) == ("Theirs", 0, None, None)


def test_what_customers_and_colleagues_wrote_is_never_markup(demo, agent):
    evil = "<img src=x onerror=alert(1)>"
    rania = make_contact(demo, evil)
    update(demo, rania, profile_name="~" + evil, fields={evil: evil})
    put_labels(demo, rania, "<b>VIP</b>")
    record(agent, demo, rania, wording=evil)

    for path in ("", of(rania), of(rania, "edit/"), "labels/"):
        assert "<img src=x" not in agent.get(demo.url(f"phonebook/{path}")).content.decode()
