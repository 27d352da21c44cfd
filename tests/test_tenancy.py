"""Tenancy: what PostgreSQL itself refuses, and what the catalog must say about every table."""

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction

from accounts import tenancy
from inbox.models import Conversation, Message
from tests.worlds import make_conversation

# Shared on purpose: people and their memberships, raw webhooks, and Django's own tables.
NOT_OF_ONE_TENANT = {
    "accounts_membership",
    "accounts_invite",
}


def rows(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_the_running_login_is_neither_superuser_nor_owner_nor_exempt(demo):
    assert rows(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ) == [("inbox_app", False, False, False)]
    assert rows(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
    ) == [(0,)]
    assert rows("SELECT pg_has_role('inbox_app', 'inbox_crossing', 'USAGE')") == [(False,)]


def test_every_table_with_a_workspace_has_row_security_and_both_policies(demo):
    tables = {
        table
        for (table,) in rows(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'workspace_id'"
        )
    } - NOT_OF_ONE_TENANT
    policies = set(
        rows(
            "SELECT c.relname, p.polname::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
            " WHERE c.relrowsecurity"
        )
    )
    assert policies == {(table, policy) for table in tables for policy in ("tenant", "crossing")}
    assert "inbox_message" in tables


def test_every_reference_between_tenant_tables_carries_the_workspace(demo):
    """A plain foreign key ignores row security; each id column that names a tenant row needs a composite one."""
    columns = set(
        rows(
            "SELECT a.attrelid::regclass::text, a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relrowsecurity AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
            " AND a.attname LIKE '%\\_id' AND a.atttypid = 'bigint'::regtype"
            " AND a.attname NOT IN ('workspace_id', 'object_id', 'open_id')"
        )
    )
    composite = set(
        rows(
            "SELECT k.conrelid::regclass::text, a.attname::text FROM pg_constraint k"
            " JOIN pg_attribute w ON w.attrelid = k.conrelid AND w.attnum = k.conkey[1] AND w.attname = 'workspace_id'"
            " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey[2:])"
            " WHERE k.contype = 'f' AND cardinality(k.conkey) > 1"
        )
    )
    assert columns - composite == {
        ("inbox_conversation", "claim_id")
    }  # held tighter: (id, claim_id, holder_id)


def test_without_a_scope_tenant_tables_look_empty_and_refuse_writes(demo):
    conversation = make_conversation(demo)
    assert Conversation.objects.count() == 0
    assert Conversation.objects.filter(pk=conversation.pk).update(unread=7) == 0
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Message.objects.create(
            workspace=demo.workspace,
            conversation=conversation,
            number=demo.number,
            outgoing=False,
            body="no scope",
        )


def test_a_scope_sees_its_own_workspace_and_nothing_of_the_outsider(demo, rival):
    mine, theirs = make_conversation(demo), make_conversation(rival)
    with tenancy.scope(demo.id):
        assert list(Conversation.objects.values_list("pk", flat=True)) == [mine.pk]
        assert not Conversation.objects.filter(pk=theirs.pk).exists()
        assert Conversation.objects.filter(pk=theirs.pk).update(unread=9) == 0


def test_a_scope_cannot_write_a_row_for_another_workspace(demo, rival):
    theirs = make_conversation(rival)
    with pytest.raises(ProgrammingError, match="row-level security"), tenancy.scope(demo.id):
        Message.objects.create(
            workspace=rival.workspace, conversation=theirs, number=rival.number, outgoing=False, body="forged"
        )


def test_a_row_cannot_point_at_another_workspaces_row(demo, rival):
    theirs = make_conversation(rival)
    with pytest.raises(IntegrityError, match="tenant"), tenancy.scope(demo.id):
        Message.objects.create(
            workspace=demo.workspace, conversation=theirs, number=demo.number, outgoing=False, body="smuggled"
        )


def test_a_nested_scope_gives_the_outer_workspace_back_also_after_an_error(demo, rival):
    make_conversation(demo)
    with tenancy.scope(demo.id):
        with tenancy.scope(rival.id):
            assert Conversation.objects.count() == 0
        assert Conversation.objects.count() == 1
        with pytest.raises(ZeroDivisionError), tenancy.scope(rival.id):
            raise ZeroDivisionError
        assert Conversation.objects.count() == 1
    assert Conversation.objects.count() == 0


def test_a_reading_scope_refuses_writes(demo):
    conversation = make_conversation(demo)
    with pytest.raises(InternalError, match="read-only"), tenancy.reading(demo.id):
        Conversation.objects.filter(pk=conversation.pk).update(unread=3)


def test_crossing_sees_everybody_and_ends_with_its_block(demo, rival):
    make_conversation(demo)
    make_conversation(rival)
    with tenancy.crossing():
        assert Conversation.objects.count() == 2
    assert Conversation.objects.count() == 0
    with tenancy.scope(demo.id):
        assert Conversation.objects.count() == 1


def test_the_search_function_repeats_the_tenant_check(demo, rival):
    make_conversation(demo, text="a pomegranate please")
    make_conversation(rival, text="a pomegranate too")
    with tenancy.reading(demo.id):
        assert rows("SELECT count(*) FROM inbox_search('pomegranate', 40)") == [(1,)]
    assert rows("SELECT count(*) FROM inbox_search('pomegranate', 40)") == [(0,)]
