"""The list of contacts and the page of one: what they show."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.tenancy import scope
from phonebook import actions, consent
from phonebook.consent import Entry
from phonebook.models import Consent, Contact, Identity, Label, Marketing
from tests.inbox.browsing import piece
from tests.inbox.dom import parse
from tests.phonebook.pages import label_id, of, page, put_labels, rows, update
from tests.worlds import make_contact, make_list

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN, OUT = Marketing.OPTED_IN, Marketing.OPTED_OUT


def test_the_list_shows_name_number_labels_consent_and_lists(demo, rival, agent):
    make_contact(rival, "Somebody Else")
    rania, ali = make_contact(demo, "Rania", "962770000001"), make_contact(demo, "Ali", "962770000002")
    put_labels(demo, rania, "VIP", "Showroom")
    make_list(demo, [rania])
    update(demo, rania, marketing=IN)
    update(demo, ali, blocked=NOON, marketing=OUT)

    assert rows(page(agent, demo)) == [
        ("A Ali Blocked", "+962 7 7000 0002", "", "Opted out", "0"),
        ("R Rania", "+962 7 7000 0001", "Showroom VIP", "Opted in", "1"),
    ]


def test_the_list_is_filtered_by_its_query_string_and_a_script_gets_only_the_rows(demo, agent):
    rania, _ali = make_contact(demo, "Rania"), make_contact(demo, "Ali")
    put_labels(demo, rania, "VIP")
    with scope(demo.id):
        vip = Label.objects.get().pk

    tree = page(agent, demo, f"?label={vip}&q=ran")
    assert [row[0] for row in rows(tree)] == ["R Rania"]
    assert tree.one("input", name="q")["value"] == "ran"
    assert [option.text for option in tree.all("option", selected="")] == ["VIP"]
    answer = piece(agent, demo.url("phonebook/?q=ali"), "people")
    assert [row[0] for row in rows(parse(answer))] == ["A Ali"]
    assert "<html" not in answer.content.decode()
    for nonsense in ("?label=x&list=99&marketing=7&after=zz", f"?label={vip}1"):
        assert len(rows(page(agent, demo, nonsense))) == 2
    assert "Nobody matches" in page(agent, demo, "?q=zzz").text


def test_the_next_page_is_a_link_that_keeps_the_filter(demo, agent):
    with scope(demo.id):
        Contact.objects.bulk_create(
            Contact(workspace=demo.workspace, name=f"Customer {n:02} & sons") for n in range(53)
        )

    first = page(agent, demo, "?q=customer")
    assert len(rows(first)) == 50
    second = parse(agent.get(first.one("a", rel="next")["href"]))
    assert [row[0] for row in rows(second)] == [f"CS Customer {n} & sons" for n in (50, 51, 52)]
    assert second.all("a", rel="next") == []
    assert "First page" in second.text


@pytest.mark.parametrize("path", ["", "?q=customer"])
def test_the_list_asks_the_same_number_of_questions_for_one_row_and_for_three(demo, agent, path, count):
    make_contact(demo, "Customer 0")
    agent.get(demo.url(f"phonebook/{path}"))
    one = count(agent, demo.url(f"phonebook/{path}"))
    for n in range(2):
        contact = make_contact(demo, f"Customer {n + 1}")
        put_labels(demo, contact, "All", f"L{n}")
        make_list(demo, [contact], f"List {n}")

    assert count(agent, demo.url(f"phonebook/{path}")) == one


@pytest.fixture
def count(django_assert_max_num_queries):
    """How many questions a page asks."""

    def counted(client, url):
        with django_assert_max_num_queries(40) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    return counted


def test_a_contact_shows_all_that_is_known(demo, agent):
    rania = make_contact(demo, "Rania", "962770000001")
    update(
        demo, rania, profile_name="rania ✨", username="rania.h", language="ar_EG", fields={"City": "Amman"}
    )
    put_labels(demo, rania, "VIP")
    make_list(demo, [rania], "Visitors")
    with scope(demo.id):
        Identity.objects.create(
            workspace=demo.workspace, contact=rania, portfolio_id="p-demo", kind="bsuid", value="JO.77"
        )

    tree = page(agent, demo, of(rania))

    assert [dd.text for dd in tree.one("dl").all("dd")][:4] == [
        "rania ✨",
        "+962770000001",
        "@rania.h",
        "العربيّة (EG)",
    ]
    assert ("City", "Amman") in list(
        zip([dt.text for dt in tree.all("dt")], [dd.text for dd in tree.all("dd")], strict=True)
    )
    assert [box["value"] for box in tree.all("input", type="checkbox", checked="")] == [str(label_id(demo))]
    for words in ("Visitors", "962770000001", "JO.77", "business-scoped user id"):
        assert words in tree.text


def test_the_ledger_shows_every_entry_with_source_words_time_and_who(demo, agent):
    rania = make_contact(demo, "Rania")
    with scope(demo.id):
        consent.record(
            [
                Entry(
                    demo.id, rania.pk, IN, Consent.Source.AGENT, "Yes, at the fair", NOON, demo.marketer.pk
                ),
                Entry(demo.id, rania.pk, OUT, Consent.Source.KEYWORD, "STOP", NOON + timedelta(days=1)),
            ]
        )

    tree = page(agent, demo, of(rania))

    entries = [item.text for item in tree.one("ol", "ledger").all("li")]
    assert entries == [
        "Opted out STOP The customer wrote it March 2, 2026, 3 p.m.",
        "Opted in Yes, at the fair Recorded by a colleague: Marketer March 1, 2026, 3 p.m.",
    ]


def test_a_merged_contact_leads_to_the_one_that_was_kept(demo, agent):
    kept, gone = make_contact(demo), make_contact(demo)
    actions.merge(member=demo.marketer, winner_id=kept.pk, loser_id=gone.pk)

    assert agent.get(demo.url(f"phonebook/{of(gone)}"))["Location"] == demo.url(f"phonebook/{of(kept)}")
    assert agent.get(demo.url(f"phonebook/{of(gone, 'edit/')}")).status_code == 404
    assert agent.post(demo.url(f"phonebook/{of(gone, 'block/')}")).status_code == 404
