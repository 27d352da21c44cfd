"""Row-level security, and the index behind the search for names and numbers."""

from django.db import migrations

from accounts.isolation import isolate


class Migration(migrations.Migration):
    dependencies = [("phonebook", "0001_initial"), ("accounts", "0002_isolation")]

    operations = [
        isolate("phonebook_contact", root=True),
        isolate("phonebook_identity", {"contact_id": "phonebook_contact"}, key=None),
        migrations.RunSQL(
            [
                "CREATE EXTENSION IF NOT EXISTS pg_trgm",
                "CREATE EXTENSION IF NOT EXISTS btree_gin",
                "ALTER TABLE phonebook_contact ADD COLUMN search text GENERATED ALWAYS AS"
                " (name || ' ' || profile_name || ' ' || username || ' ' || coalesce(phone, '')) STORED",
                "CREATE INDEX phonebook_contact_search ON phonebook_contact"
                " USING gin (workspace_id, search gin_trgm_ops)",
            ],
            migrations.RunSQL.noop,
        ),
    ]
