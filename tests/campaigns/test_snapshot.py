"""Who gets what in which language, and who does not and why: each rule of the one statement."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tenancy import scope
from campaigns import variables
from campaigns.models import Recipient
from campaigns.snapshot import _CANONICAL
from phonebook.models import Contact, Identity, ListMember
from phonebook.phones import canonical
from tests.campaigns.plans import FIXED, prepared, recipients, skips
from tests.worlds import GREETING, make_contact, make_list, make_template


def change(world, contact, **fields):
    with scope(world.id):
        Contact.objects.filter(pk=contact.pk).update(**fields)
    return contact


def columns(world, listed, contact, **cells):
    with scope(world.id):
        ListMember.objects.filter(list=listed, contact=contact).update(columns=cells)


def column(name, otherwise=""):
    return {"body.1": {"kind": "column", "value": name, "otherwise": otherwise}, "body.2": FIXED["body.2"]}


def test_everybody_who_may_get_it_is_ready_with_their_values(demo):
    rania, omar = make_contact(demo, name="Rania Haddad"), make_contact(demo, name="")

    campaign = prepared(demo, [rania, omar])

    assert campaign.state == "ready"
    assert recipients(demo, campaign) == {
        "Rania Haddad": ("en", {"body.1": "Rania", "body.2": "Saturday"}),
        "": ("en", {"body.1": "friend", "body.2": "Saturday"}),
    }
    assert skips(demo, campaign) == {"": None, "Rania Haddad": None}


def test_each_reason_to_skip_is_told_exactly(demo):
    def contact(name, wa_id=None, **fields):
        return change(demo, make_contact(demo, name=name, wa_id=wa_id), **fields)

    now = timezone.now()
    kept = contact("Fine")
    people = [
        kept,
        contact("Merged", merged_into=kept, blocked=now),
        contact("Blocked", blocked=now, marketing=2),
        contact("Out", marketing=2, phone=None),
        contact("Capped", marketing=1, marketing_not_before=now + timedelta(hours=1)),
        contact("Capped once", marketing_not_before=now - timedelta(hours=1)),
        contact("No number", phone=None),
        contact("Bad number", phone="+0123"),
        contact("Missing", fields={"city": "  "}),
        contact("Break", fields={"city": "Am\nman"}),
        contact("Tab", fields={"city": "Am\tman"}),
        contact("Spaces", fields={"city": "Am     man"}),
        contact("Few spaces", fields={"city": "Am    man"}),
        contact("Long", fields={"city": "x" * 2000}),
    ]
    for person in people:
        if not person.name.startswith(("Missing", "Break", "Tab", "Spaces", "Few", "Long")):
            change(demo, person, fields={"city": "Amman"})
    city = {**FIXED, "body.1": {"kind": "field", "value": "city", "otherwise": ""}}

    campaign = prepared(demo, people, variables=city)

    assert skips(demo, campaign) == {
        "Fine": None,
        "Merged": "MERGED",
        "Blocked": "BLOCKED",
        "Out": "OPTED_OUT",
        "Capped": "CAPPED",
        "Capped once": None,
        "No number": "NO_ADDRESS",
        "Bad number": "NO_ADDRESS",
        "Missing": "MISSING",
        "Break": "CHARACTERS",
        "Tab": "CHARACTERS",
        "Spaces": "CHARACTERS",
        "Few spaces": None,
        "Long": "TOO_LONG",
    }


def test_where_an_opt_in_is_needed_only_who_gave_it_is_ready(demo):
    demo.workspace.marketing_needs_opt_in = True
    demo.workspace.save()
    people = [
        make_contact(demo, name="Never asked"),
        change(demo, make_contact(demo, name="In"), marketing=1),
    ]

    assert skips(demo, prepared(demo, people)) == {"Never asked": "NO_CONSENT", "In": None}
    utility = make_template(demo, name="receipt", category="UTILITY")
    assert skips(demo, prepared(demo, people, templates=[utility])) == {"Never asked": None, "In": None}


def test_consent_counts_by_the_category_of_each_language(demo):
    english = make_template(demo, name="news", category="UTILITY")
    arabic = make_template(demo, name="news", language="ar", category="MARKETING")
    people = [
        change(demo, make_contact(demo, name=name), language=language, marketing=2)
        for name, language in [("English", "en"), ("Arabic", "ar")]
    ]

    campaign = prepared(demo, people, templates=[english, arabic])

    assert skips(demo, campaign) == {"English": None, "Arabic": "OPTED_OUT"}


def test_a_customer_without_a_number_is_reached_by_the_user_id_of_the_numbers_portfolio(demo):
    ours, another = (change(demo, make_contact(demo, name=name), phone=None) for name in ("Ours", "Another"))
    with scope(demo.id):
        for contact, portfolio in ((ours, demo.account.portfolio_id), (another, "somebody-elses")):
            Identity.objects.create(
                workspace=demo.workspace,
                contact=contact,
                portfolio_id=portfolio,
                kind="bsuid",
                value=f"JO.{contact.pk}",
            )

    assert skips(demo, prepared(demo, [ours, another])) == {"Ours": None, "Another": "NO_ADDRESS"}


def test_a_person_on_several_lists_comes_once_and_not_if_left_out(demo):
    rania, omar, lina = (make_contact(demo, name=name) for name in ("Rania", "Omar", "Lina"))
    first, second = make_list(demo, [rania, omar], name="A"), make_list(demo, [omar, lina], name="B")
    columns(demo, first, omar, seat="A1")
    columns(demo, second, omar, seat="B2")
    left_out = make_list(demo, [lina], name="C")

    campaign = prepared(
        demo, [], lists=[first, second], excluded_ids=[left_out.pk], variables=column("seat", otherwise="any")
    )

    assert {name: values["body.1"] for name, (_, values) in recipients(demo, campaign).items()} == {
        "Rania": "any",
        "Omar": "A1",
    }


def test_two_contacts_with_one_number_in_two_spellings_are_one_person(demo):
    long, short = make_contact(demo, name="Long", wa_id="5511987654321"), make_contact(demo, name="Short")
    change(demo, short, phone="+551187654321")
    merged = change(demo, make_contact(demo, name="Merged"), phone="+551187654321", merged_into=long)

    campaign = prepared(demo, [merged, long, short])

    assert skips(demo, campaign) == {"Long": None, "Short": "DUPLICATE", "Merged": "MERGED"}


@pytest.mark.parametrize(
    "number",
    [
        "+5511987654321",
        "+551187654321",
        "+5521998765432",
        "+551133224455",
        "+5215512345678",
        "+525512345678",
        "+5491123456789",
        "+541123456789",
        "+962790123456",
        "+5511",
    ],
)
def test_the_database_spells_numbers_as_the_phonebook_does(demo, number):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_CANONICAL} FROM (SELECT %s::text AS phone) c", [number])
        assert cursor.fetchone()[0] == "+" + canonical(number)


@pytest.mark.parametrize(
    ("language", "taken"),
    [
        ("ar_EG", "ar_EG"),
        ("ar-eg", "ar_EG"),
        ("ar_JO", "ar"),
        ("ar", "ar"),
        ("en", "en_US"),
        ("en_GB", "en_US"),
        ("fr", "de"),
        ("", "de"),
        ("zh_CN", "zh_HK"),
    ],
)
def test_the_language_is_the_contacts_or_its_nearest_or_the_default(demo, language, taken):
    templates = [
        make_template(demo, name="news", language=code)
        for code in ("de", "ar_EG", "ar", "en_US", "zh_HK", "zh_TW")
    ]
    contact = change(demo, make_contact(demo, name="X"), language=language)

    assert recipients(demo, prepared(demo, [contact], templates=templates))["X"][0] == taken


def test_a_language_may_want_other_values(demo):
    one = [{"type": "BODY", "text": "Hello {{1}}"}]
    two = [{"type": "BODY", "text": "Hello {{1}} from {{2}}"}]
    templates = [
        make_template(demo, name="news", language="en", components=one),
        make_template(demo, name="news", language="ar", components=two),
    ]
    people = [
        change(demo, make_contact(demo, name=name), language=name[:2].lower())
        for name in ("Enas", "Arwa", "Arij")
    ]
    change(demo, people[1], fields={"city": "Irbid"})
    city = {
        "body.1": {"kind": "field", "value": "name"},
        "body.2": {"kind": "field", "value": "city"},
    }

    campaign = prepared(demo, people, templates=templates, variables=city)

    assert skips(demo, campaign) == {"Enas": None, "Arwa": None, "Arij": "MISSING"}


def test_values_that_share_a_text_are_too_long_together(demo):
    template = make_template(demo, components=[{"type": "BODY", "text": "{{1}} and {{2}}."}])
    people = [
        change(demo, make_contact(demo, name=name), fields={"a": "x" * length, "b": "y" * 500})
        for name, length in (("Just fits", 518), ("Too long", 519))
    ]
    both = {f"body.{n}": {"kind": "field", "value": name} for n, name in ((1, "a"), (2, "b"))}

    assert skips(demo, prepared(demo, people, templates=[template], variables=both)) == {
        "Just fits": None,
        "Too long": "TOO_LONG",
    }


@pytest.mark.parametrize("field", ["name", "first_name", "phone", "language", "username", "city", "nothing"])
def test_the_database_fills_in_what_the_preview_shows(demo, field):
    contacts = [
        change(
            demo, make_contact(demo, name=" Rania  Haddad "), fields={"city": "  Amman\n"}, language="ar_JO"
        ),
        change(
            demo,
            make_contact(demo, name="", wa_id="962790000001"),
            profile_name="\tUm Omar ",
            username="omar",
        ),
        change(demo, make_contact(demo, name="٣ نجوم"), fields={"city": "ب" * 3, "nothing": ""}),
    ]
    given = {
        "body.1": {"kind": "field", "value": field, "otherwise": "dear customer"},
        "body.2": FIXED["body.2"],
    }

    campaign = prepared(demo, contacts, variables=given)

    with scope(demo.id):
        rows = list(Recipient.objects.filter(campaign=campaign).select_related("contact"))
        assert len(rows) == 3
        for row in rows:
            assert row.values == variables.filled(given, row.contact, {})


def test_a_template_without_variables_needs_none(demo):
    template = make_template(demo, components=[*GREETING[1:2], {"type": "BODY", "text": "We are open."}])

    campaign = prepared(demo, [make_contact(demo, name="X")], templates=[template], variables={})

    assert recipients(demo, campaign) == {"X": ("en", {})}
