"""Settings, phone numbers: what is stored, what is refused, and what is never shown."""

import json
import re

import pytest
import redis
from django.db import connection

from accounts import actions, tasks
from accounts.actions import NumberDetails, Refused
from accounts.models import BusinessAccount, PhoneNumber
from accounts.tenancy import crossing, scope

TOKEN = "EAAJ-secret-token-of-the-demo-0123456789"
FORM = {
    "name": "Sales",
    "phone_number_id": "100000000000077",
    "waba_name": "Petra",
    "waba_id": "200000000000077",
    "access_token": TOKEN,
}


def add(world, client, **changes):
    return client.post(world.url("settings/numbers/new/"), {**FORM, **changes})


def stored(world, phone_number_id=FORM["phone_number_id"]):
    with scope(world.id):
        return PhoneNumber.objects.select_related("business_account").get(phone_number_id=phone_number_id)


def test_an_admin_adds_a_number_and_its_connection_is_checked_by_itself(demo, browser, settings):
    answer = add(demo, browser(demo.admin))

    assert answer["Location"] == demo.url("settings/numbers/")
    number = stored(demo)
    assert (number.name, number.business_account.waba_id, number.business_account.name) == (
        "Sales",
        "200000000000077",
        "Petra",
    )
    assert number.check_state == "waiting"
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        hint = json.loads(broker.lindex("celery", 0))
    assert hint["headers"]["task"] == "accounts.tasks.check"
    assert hint["headers"]["kwargsrepr"] == repr({"workspace_id": demo.id, "number_id": number.pk})


def test_a_number_is_saved_while_redis_is_away(demo, browser, monkeypatch):
    from kombu.exceptions import OperationalError

    def away(**_):
        raise OperationalError("away")

    monkeypatch.setattr(tasks.check, "apply_async", away)

    add(demo, browser(demo.admin))

    assert stored(demo).check_state == "waiting"


def test_the_token_is_encrypted_at_rest_and_never_rendered(demo, browser, capfd):
    client = browser(demo.admin)
    add(demo, client)
    number = stored(demo)
    assert number.business_account.access_token == TOKEN

    pages = [
        client.get(demo.url("settings/numbers/")),
        client.get(demo.url(f"settings/numbers/{number.pk}/")),
        client.post(demo.url(f"settings/numbers/{number.pk}/"), {**FORM, "waba_id": "nonsense"}),
        client.get(demo.url(f"settings/numbers/{number.pk}/check/")),
    ]

    assert all(TOKEN not in page.content.decode() for page in pages)
    with crossing(), connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM accounts_businessaccount")
        assert not any(TOKEN in row[0] for row in cursor.fetchall())
    assert TOKEN not in "".join(capfd.readouterr())
    assert TOKEN not in repr(NumberDetails(**FORM))


def test_an_empty_token_keeps_the_stored_one(demo, browser):
    client = browser(demo.admin)
    add(demo, client)
    number = stored(demo)

    client.post(
        demo.url(f"settings/numbers/{number.pk}/"), {**FORM, "name": "Sales line", "access_token": ""}
    )

    number = stored(demo)
    assert (number.name, number.business_account.access_token) == ("Sales line", TOKEN)


def test_a_changed_name_asks_meta_nothing_and_a_changed_account_does(demo, graph):
    number = demo.number
    details = {
        "waba_id": demo.account.waba_id,
        "waba_name": "",
        "phone_number_id": number.phone_number_id,
        "name": "Renamed",
    }

    named = actions.save_number(member=demo.admin, number_id=number.pk, details=NumberDetails(**details))
    assert named.check_state == "never"
    moved = actions.save_number(
        member=demo.admin,
        number_id=number.pk,
        details=NumberDetails(**{**details, "waba_id": "200000000000055", "access_token": TOKEN}),
    )
    assert moved.check_state == "waiting"


def test_the_id_of_a_number_is_read_only_and_another_one_is_refused_in_words(demo, browser):
    client = browser(demo.admin)
    path = demo.url(f"settings/numbers/{demo.number.pk}/")
    new, edit = client.get(demo.url("settings/numbers/new/")), client.get(path)
    tag = re.compile(r'<input[^>]* name="phone_number_id"[^>]*>')
    assert "readonly" not in tag.search(new.content.decode())[0]
    assert "readonly" in tag.search(edit.content.decode())[0]

    answer = client.post(path, FORM)

    assert answer.status_code == 422
    words = "The phone number ID of a number cannot be changed. Add a new number instead."
    assert words in answer.content.decode()
    with scope(demo.id):
        number = PhoneNumber.objects.get()
        assert (number.phone_number_id, number.name) == ("100000000000001", "Support line")
        assert list(BusinessAccount.objects.values_list("waba_id", flat=True)) == ["200000000000001"]


def test_a_second_number_of_an_account_shares_its_token(demo, browser):
    client = browser(demo.admin)
    add(demo, client)

    add(demo, client, phone_number_id="100000000000078", access_token="")

    second = stored(demo, "100000000000078")
    assert (second.business_account_id, second.check_state) == (stored(demo).business_account_id, "waiting")


def test_a_number_that_moves_to_another_account_leaves_no_empty_one_behind(demo, browser):
    client = browser(demo.admin)
    add(demo, client)

    client.post(demo.url(f"settings/numbers/{stored(demo).pk}/"), {**FORM, "waba_id": "200000000000099"})

    with scope(demo.id):
        assert sorted(BusinessAccount.objects.values_list("waba_id", flat=True)) == [
            "200000000000001",
            "200000000000099",
        ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"waba_id": "200000000000002"}, "This business account is connected to another workspace already"),
        ({"phone_number_id": "100000000000002"}, "This phone number id is in use already"),
        ({"phone_number_id": "100000000000001"}, "This phone number id is in use already"),
        ({"access_token": ""}, "A new business account needs its access token"),
        ({"access_token": "two words"}, "no spaces"),
        ({"waba_id": "20000x"}, "Only digits"),
        ({"phone_number_id": ""}, "required"),
    ],
)
def test_what_cannot_be_saved_is_explained_without_naming_another_tenant(
    demo, rival, browser, changes, words
):
    answer = add(demo, browser(demo.admin), **changes)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "rival" not in page.lower()
    with scope(demo.id):
        assert PhoneNumber.objects.count() == BusinessAccount.objects.count() == 1


def test_another_workspaces_number_is_not_there(demo, rival, browser):
    client = browser(demo.admin)

    for path in (f"numbers/{rival.number.pk}/", f"numbers/{rival.number.pk}/check/"):
        assert client.get(demo.url(f"settings/{path}")).status_code == 404
        assert client.post(demo.url(f"settings/{path}"), FORM).status_code == 404

    assert rival.number.phone_number_id not in client.get(demo.url("settings/numbers/")).content.decode()
    with scope(rival.id):
        assert PhoneNumber.objects.get(pk=rival.number.pk).check_state == "never"


def test_an_agent_cannot_save_or_check(demo):
    with pytest.raises(Refused):
        actions.request_check(member=demo.agent1, number_id=demo.number.pk)
    with pytest.raises(Refused):
        actions.save_number(member=demo.agent1, number_id=None, details=NumberDetails(**FORM))
