"""The consent ledger: who wants marketing, whatever order, however often, and from wherever it is told."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest
from django.db import connection

from accounts.models import Workspace
from accounts.tenancy import crossing, reading, retrying_deadlocks, scope
from phonebook import consent
from phonebook.consent import MAY_MARKET_SQL, Entry, normalised, wanted
from phonebook.models import Consent, Contact, Keyword, Marketing
from tests.inbox.together import together
from tests.worlds import make_contact

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNKNOWN, IN, OUT = Marketing.UNKNOWN, Marketing.OPTED_IN, Marketing.OPTED_OUT
KEYWORD, AGENT, IMPORT = Consent.Source.KEYWORD, Consent.Source.AGENT, Consent.Source.IMPORT


def entry(world, contact, choice=OUT, *, source=KEYWORD, wording="STOP", at=NOON, member=None):
    return Entry(world.id, contact.pk, choice, source, wording, at, member)


def state(world, contact):
    with scope(world.id):
        found = Contact.objects.get(pk=contact.pk)
        return Marketing(found.marketing), found.marketing_at


def ledger(world, contact):
    with scope(world.id):
        rows = Consent.objects.filter(contact=contact).order_by("at", "id")
        return list(rows.values_list("choice", "source", "wording", "at", "member_id"))


def record(world, *entries):
    with scope(world.id):
        return consent.record(entries)


def test_an_entry_is_kept_with_all_it_says_and_the_contact_follows(demo):
    contact = make_contact(demo)

    assert record(
        demo,
        entry(demo, contact, IN, source=AGENT, wording="Yes, at the fair", member=demo.agent1.pk),
    ) == [contact.pk]

    assert state(demo, contact) == (IN, NOON)
    assert ledger(demo, contact) == [(IN, "agent", "Yes, at the fair", NOON, demo.agent1.pk)]


def test_the_same_entry_twice_is_one_and_changes_nothing_the_second_time(demo):
    contact = make_contact(demo)

    assert record(demo, entry(demo, contact), entry(demo, contact)) == [contact.pk]
    assert record(demo, entry(demo, contact)) == []

    assert len(ledger(demo, contact)) == 1


def test_whatever_the_order_the_newest_entry_counts_and_an_opt_out_wins_a_tie(demo):
    said = [(IN, NOON), (OUT, NOON + timedelta(hours=1)), (IN, NOON + timedelta(hours=1))]
    for order in permutations(said):
        contact = make_contact(demo)
        for choice, at in order:
            record(demo, entry(demo, contact, choice, at=at))
        assert state(demo, contact) == (OUT, NOON + timedelta(hours=1))
        together_at_once = make_contact(demo)
        record(demo, *(entry(demo, together_at_once, choice, at=at) for choice, at in order))
        assert state(demo, together_at_once) == (OUT, NOON + timedelta(hours=1))


def test_only_those_who_now_want_something_else_are_told(demo):
    first, second, third = (make_contact(demo) for _ in range(3))
    record(demo, entry(demo, first, OUT), entry(demo, second, IN))

    changed = record(
        demo,
        entry(demo, third, OUT),
        entry(demo, second, OUT, at=NOON + timedelta(days=1)),
        entry(demo, first, OUT, at=NOON + timedelta(days=1)),
    )

    assert changed == [second.pk, third.pk]
    assert state(demo, first) == (OUT, NOON + timedelta(days=1))


def test_an_older_entry_is_kept_but_changes_nothing(demo):
    contact = make_contact(demo)
    record(demo, entry(demo, contact, OUT))

    assert record(demo, entry(demo, contact, IN, source=IMPORT, at=NOON - timedelta(days=1))) == []

    assert state(demo, contact) == (OUT, NOON)
    assert [row[0] for row in ledger(demo, contact)] == [IN, OUT]


def test_long_words_are_cut_and_no_entries_are_no_work(demo):
    contact = make_contact(demo)

    assert record(demo) == []
    record(demo, entry(demo, contact, wording="x" * 600))

    assert ledger(demo, contact)[0][2] == "x" * 500


def test_what_is_said_of_a_merged_contact_counts_for_the_one_that_was_kept(demo):
    kept, gone = make_contact(demo), make_contact(demo)
    with scope(demo.id):
        Contact.objects.filter(pk=gone.pk).update(merged_into=kept)

    assert record(demo, entry(demo, gone, OUT)) == [kept.pk]

    assert (state(demo, kept), state(demo, gone)) == ((OUT, NOON), (UNKNOWN, None))
    with scope(demo.id):
        consent.defer([gone.pk], NOON)
        assert Contact.objects.get(pk=kept.pk).marketing_not_before == NOON


def test_sixteen_workers_at_once_agree(demo):
    contacts = [make_contact(demo) for _ in range(6)]

    @retrying_deadlocks
    def worker(n):
        order = contacts if n % 2 else contacts[::-1]
        at = NOON + timedelta(seconds=n // 2)
        with scope(demo.id):
            return consent.record([entry(demo, contact, [OUT, IN][n % 2], at=at) for contact in order])

    changes = together(*(lambda n=n: worker(n) for n in range(16)))

    for contact in contacts:
        assert state(demo, contact) == (OUT, NOON + timedelta(seconds=7))
        assert len(ledger(demo, contact)) == 16
        # Each change of mind was reported by exactly one of them, so they alternate and end with an opt-out.
        assert sum(contact.pk in changed for changed in changes) >= 1


def test_a_batch_across_workspaces_is_recorded_in_one_crossing(demo, rival):
    ours, theirs = make_contact(demo), make_contact(rival)

    with crossing():
        assert consent.record([entry(rival, theirs, IN), entry(demo, ours, OUT)]) == [ours.pk, theirs.pk]

    assert (state(demo, ours)[0], state(rival, theirs)[0]) == (OUT, IN)


def test_a_contact_of_another_workspace_cannot_be_spoken_for(demo, rival):
    theirs = make_contact(rival)

    assert record(demo, Entry(demo.id, theirs.pk, OUT, AGENT, "", NOON)) == []
    with scope(demo.id):
        consent.defer([theirs.pk], NOON)

    assert state(rival, theirs) == (UNKNOWN, None)
    assert ledger(rival, theirs) == []


def test_a_pause_only_grows(demo):
    contact = make_contact(demo)
    with scope(demo.id):
        for hours in (1, 24, 2):
            consent.defer([contact.pk], NOON + timedelta(hours=hours))
        assert Contact.objects.get(pk=contact.pk).marketing_not_before == NOON + timedelta(hours=24)


@pytest.mark.parametrize(
    ("needs", "marketing", "pause", "expected"),
    [
        (False, UNKNOWN, None, None),
        (False, IN, None, None),
        (False, OUT, None, "opted_out"),
        (True, UNKNOWN, None, "no_consent"),
        (True, IN, None, None),
        (True, OUT, None, "opted_out"),
        (False, UNKNOWN, 1, "capped"),
        (True, IN, 1, "capped"),
        (True, IN, -1, None),
        (True, UNKNOWN, 1, "no_consent"),
        (False, OUT, 1, "opted_out"),
    ],
)
def test_why_no_marketing_may_go_out(needs, marketing, pause, expected):
    until = NOON + timedelta(hours=pause) if pause else None
    contact = Contact(marketing=marketing, marketing_not_before=until)

    assert consent.refusal(contact, needs_opt_in=needs, now=NOON) == expected


def test_the_same_question_in_sql_has_the_same_answer_for_every_case(demo):
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now = cursor.fetchone()[0]
    pauses = (None, now - timedelta(hours=1), now + timedelta(hours=1))
    for needs in (False, True):
        Workspace.objects.filter(pk=demo.id).update(marketing_needs_opt_in=needs)
        for marketing, pause in product((UNKNOWN, IN, OUT), pauses):
            contact = make_contact(demo)
            with scope(demo.id), connection.cursor() as cursor:
                Contact.objects.filter(pk=contact.pk).update(marketing=marketing, marketing_not_before=pause)
                cursor.execute(
                    "SELECT " + MAY_MARKET_SQL + " FROM phonebook_contact AS c JOIN accounts_workspace AS w"
                    " ON w.id = c.workspace_id WHERE c.id = %s",
                    [contact.pk],
                )
                allowed = cursor.fetchone()[0]
                contact.refresh_from_db()
            said = consent.refusal(contact, needs_opt_in=needs, now=now)
            assert allowed is (said is None), (needs, marketing, pause)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("STOP", OUT),
        ("  Stop!! \n", OUT),
        ("stop 🛑", OUT),
        ("ＳＴＯＰ", OUT),
        ("Unsubscribe.", OUT),
        ("إلغاء", OUT),
        ("الغاء", OUT),
        ("إِلْغَــاء", OUT),
        ("Arrêt", OUT),
        ("ARRET", OUT),
        ("baja", OUT),
        ("SAIR", OUT),
        ("İPTAL", OUT),
        ("iptal", OUT),
        ("Abmelden", OUT),
        ("बंद करो", OUT),
        ("بند کریں", OUT),
        ("стоп", OUT),
        ("start", IN),
        ("اشتراك", IN),
        ("S’abonner", IN),
        ("please stop", None),
        ("stop sending me the blue ones", None),
        ("cancel", None),  # far more often about an order
        ("بد", None),
        ("बद", None),
        ("", None),
        ("🙂", None),
        ("stop" * 100, None),
    ],
)
def test_a_message_that_is_only_a_keyword_counts(demo, text, choice):
    with scope(demo.id):
        assert wanted([(demo.id, text)]) == [choice]


def test_a_workspace_has_its_own_words_and_switches_built_in_ones_off(demo, rival):
    with scope(demo.id):
        for word, choice in [("No more offers", OUT), ("START", UNKNOWN), ("Stop", IN)]:
            Keyword.objects.create(workspace=demo.workspace, word=normalised(word), choice=choice)

    with crossing():
        pairs = [(world.id, text) for world in (demo, rival) for text in ("no more OFFERS!", "start", "stop")]
        assert wanted(pairs) == [OUT, None, IN, None, IN, OUT]


def test_a_batch_of_texts_is_one_question_and_long_ones_are_none(demo, django_assert_num_queries):
    with reading(demo.id):
        with django_assert_num_queries(1):
            wanted([(demo.id, "stop"), (demo.id, "start"), (demo.id, "hello")])
        with django_assert_num_queries(0):
            assert wanted([(demo.id, "a long message " * 20), (demo.id, "")]) == [None, None]
