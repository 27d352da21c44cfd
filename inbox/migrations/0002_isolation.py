"""Row-level security and composite keys of everything in the inbox."""

from django.db import migrations

from accounts.isolation import isolate

MEMBER, NUMBER, CONVERSATION = "accounts_membership", "accounts_phonenumber", "inbox_conversation"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial"), ("phonebook", "0002_isolation")]

    operations = [
        isolate(
            "inbox_conversation",
            {"number_id": NUMBER, "contact_id": "phonebook_contact", "holder_id": MEMBER},
        ),
        isolate(
            "inbox_message",
            {"sender_id": MEMBER, "retry_of_id": "inbox_message"},
        ),
        # A message's number is its conversation's. One key for both, and no lock on the number's row per message.
        migrations.RunSQL(
            [
                "ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_number_key"
                " UNIQUE (workspace_id, id, number_id)",
                "ALTER TABLE inbox_message ADD CONSTRAINT inbox_message_conversation_tenant"
                " FOREIGN KEY (workspace_id, conversation_id, number_id)"
                " REFERENCES inbox_conversation (workspace_id, id, number_id) DEFERRABLE INITIALLY DEFERRED",
            ],
            migrations.RunSQL.noop,
        ),
        isolate("inbox_claim", {"conversation_id": CONVERSATION, "member_id": MEMBER}),
        isolate("inbox_receipt", {"message_id": "inbox_message"}, key=None),
        isolate(
            "inbox_systemline",
            {"conversation_id": CONVERSATION, "actor_id": MEMBER, "target_id": MEMBER},
            key=None,
        ),
        isolate("inbox_tally", {"number_id": NUMBER, "holder_id": MEMBER}, key=None),
        migrations.RunSQL(
            "ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_last_message_id_tenant"
            " FOREIGN KEY (workspace_id, last_message_id) REFERENCES inbox_message (workspace_id, id)"
            " DEFERRABLE INITIALLY DEFERRED",
            migrations.RunSQL.noop,
        ),
    ]
