"""Row-level security and composite keys of broadcasts and of what refers to them."""

from django.db import migrations

from accounts.isolation import isolate

BROADCAST = "inbox_broadcast"


def refer(table: str, column: str, target: str) -> str:
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_tenant FOREIGN KEY (workspace_id, {column})"
        f" REFERENCES {target} (workspace_id, id) DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0004_business_initiated"),
        ("templates_wa", "0002_isolation"),
        ("phonebook", "0004_isolation"),
    ]

    operations = [
        isolate(BROADCAST, {"number_id": "accounts_phonenumber", "started_by_id": "accounts_membership"}),
        isolate("inbox_outreach", {"contact_id": "phonebook_contact"}, key=None),
        migrations.RunSQL(
            [
                refer("inbox_message", "broadcast_id", BROADCAST),
                refer("inbox_message", "template_id", "templates_wa_template"),
                refer("inbox_conversation", "pinned_id", BROADCAST),
            ],
            migrations.RunSQL.noop,
        ),
    ]
