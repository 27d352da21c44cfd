"""Webhooks of other fields than messages: to whom they belong, what they change, and how the ledger tells."""

import json
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from accounts.models import BusinessAccount, PhoneNumber
from accounts.tenancy import scope
from phonebook.models import Consent, Contact, Marketing
from templates_wa import changes as templates
from templates_wa.models import Template
from tests.webhooks.bodies import body, text
from tests.webhooks.test_processing import drained, ledger
from tests.worlds import make_contact, make_template

DEMO, RIVAL, STRANGER = "200000000000001", "200000000000002", "299999999999999"
NOW = int(timezone.now().timestamp())


def change(field, *values, waba=DEMO, at=NOW):
    changes = [{"field": field, "value": value} for value in values]
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": waba, "time": at, "changes": changes}]}
    ).encode()


def preference(value, wa_id="962790000001", *, at=NOW, number="100000000000001", **fields):
    row = {"wa_id": wa_id, "category": "marketing_messages", "value": value, "timestamp": at, **fields}
    metadata = {"display_phone_number": "96265550101", "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": metadata, "user_preferences": [row]}


def consents(world):
    with scope(world.id):
        rows = Consent.objects.order_by("at", "pk")
        return list(rows.values_list("contact__phone", "choice", "source", "wording"))


def test_a_known_customer_who_switches_marketing_off_is_opted_out(demo, rival):
    contact = make_contact(demo, wa_id="962790000001")
    drained(change("user_preferences", preference("stop", detail="User requested to stop")))
    assert consents(demo) == [("+962790000001", Marketing.OPTED_OUT, "whatsapp", "User requested to stop")]
    with scope(demo.id):
        fresh = Contact.objects.get(pk=contact.pk)
        assert (fresh.marketing, fresh.marketing_at) == (
            Marketing.OPTED_OUT,
            datetime.fromtimestamp(NOW, UTC),
        )
    assert consents(rival) == []
    assert ledger() == [("user_preferences", "applied", "")]


def test_the_newest_wish_counts_in_any_order_and_however_often(demo):
    stop = change("user_preferences", preference("stop", at=NOW - 60))
    resume = change("user_preferences", preference("resume", at=NOW))
    drained(resume)
    drained(stop)
    drained(stop, resume)
    assert [row[1] for row in consents(demo)] == [Marketing.OPTED_OUT, Marketing.OPTED_IN]
    with scope(demo.id):
        assert Contact.objects.get().marketing == Marketing.OPTED_IN


def test_somebody_never_seen_before_is_remembered_for_it(demo):
    drained(change("user_preferences", preference("stop", None, user_id="JO.77")))
    drained(body({**text("962790000009"), "contacts": [{"wa_id": "962790000009", "user_id": "JO.77"}]}))
    with scope(demo.id):
        assert Contact.objects.get().marketing == Marketing.OPTED_OUT


def test_wish_and_message_of_a_new_customer_in_one_batch_are_one_contact(demo):
    drained(body(text("962790000001")), change("user_preferences", preference("stop")))
    with scope(demo.id):
        assert Contact.objects.get().marketing == Marketing.OPTED_OUT


def test_typing_in_anothers_number_id_gets_nothing_of_its_customers(demo, rival):
    with scope(rival.id):
        PhoneNumber.objects.create(
            workspace=rival.workspace, business_account=rival.account, phone_number_id="100000000000099"
        )
    drained(change("user_preferences", preference("stop", number="100000000000099"), waba=STRANGER))
    assert ledger() == [("user_preferences", "ignored", "no workspace has this account")]
    assert consents(rival) == []


def test_what_says_nothing_understandable_is_ignored_with_a_reason(demo):
    drained(change("user_preferences", {"user_preferences": [{"value": "later"}]}, {}))
    assert ledger() == [("user_preferences", "ignored", "nothing in it was understood")] * 2


@pytest.fixture
def template(demo):
    return make_template(demo, told=datetime.fromtimestamp(NOW - 60, UTC))


def test_a_template_that_was_paused_is_paused_here(demo, template):
    paused = {
        "event": "PAUSED",
        "message_template_id": int(template.template_id),
        "message_template_name": template.name,
        "message_template_language": "en",
        "reason": "NONE",
        "other_info": {"title": "FIRST_PAUSE", "description": "Bad feedback."},
    }
    drained(change("message_template_status_update", paused))
    with scope(demo.id):
        fresh = Template.objects.get(pk=template.pk)
        assert (fresh.status, fresh.is_sendable) == ("PAUSED", False)
    assert ledger() == [("message_template_status_update", "applied", "")]


def test_templates_and_numbers_of_an_account_that_nobody_has_are_ignored(demo):
    drained(
        change("message_template_status_update", {"event": "PAUSED"}, waba=STRANGER),
        change("business_capability_update", {"max_daily_conversations_per_business": 2000}, waba=STRANGER),
        change("account_alerts", {}),
    )
    assert ledger() == [
        ("message_template_status_update", "ignored", "no workspace has this account"),
        ("business_capability_update", "ignored", "no workspace has this account"),
        ("account_alerts", "ignored", "this field is not applied"),
    ]


def test_one_that_fails_blocks_none_of_its_neighbours(demo, template, monkeypatch):
    real = templates.apply

    def apply(items):
        if any(item.value.get("event") == "POISON" for item in items):
            raise ValueError("poison")
        real(items)

    monkeypatch.setattr(templates, "apply", apply)
    named = {"message_template_name": template.name, "message_template_language": "en"}
    drained(
        change("message_template_status_update", {"event": "POISON"}, {"event": "PAUSED", **named}),
        change("user_preferences", preference("stop")),
        body(text("962790000002")),
    )
    assert [state for _, state, _ in ledger()] == ["failed", "applied", "applied", "applied"]
    with scope(demo.id):
        assert Template.objects.get(pk=template.pk).status == "PAUSED"


def limits():
    return list(BusinessAccount.objects.order_by("waba_id").values_list("waba_id", "messaging_limit"))


@pytest.mark.parametrize(
    ("told", "kept"),
    [("TIER_10K", "TIER_10K"), (2000, "TIER_2K"), (250, "TIER_250"), (-1, "TIER_UNLIMITED"), ("lots", "")],
)
def test_the_messaging_limit_is_the_whole_portfolios(demo, rival, told, kept):
    with scope(demo.id):
        for waba, portfolio in [("200000000000003", "p-demo"), ("200000000000004", "elsewhere")]:
            BusinessAccount.objects.create(workspace=demo.workspace, waba_id=waba, portfolio_id=portfolio)
    drained(change("business_capability_update", {"max_daily_conversations_per_business": told}))
    with scope(demo.id):
        assert limits() == [(DEMO, kept), ("200000000000003", kept), ("200000000000004", "")]
    with scope(rival.id):
        assert limits() == [(RIVAL, "")]


def test_a_number_whose_throughput_was_raised_sends_faster(demo, rival):
    """The webhook names the number only as it is displayed, so it counts within its account alone."""
    with scope(demo.id):
        PhoneNumber.objects.create(
            workspace=demo.workspace,
            business_account=demo.account,
            phone_number_id="100000000000009",
            display_number="+962 6 555 0999",
        )
    upgrade = {"display_phone_number": "96265550101", "event": "THROUGHPUT_UPGRADE"}
    drained(change("phone_number_quality_update", upgrade))
    with scope(demo.id):
        rates = {each.phone_number_id: each.per_second for each in PhoneNumber.objects.all()}
    assert rates == {"100000000000001": 1000, "100000000000009": 80}
    with scope(rival.id):
        assert PhoneNumber.objects.get().per_second == 80
    assert ledger() == [("phone_number_quality_update", "applied", "")]
