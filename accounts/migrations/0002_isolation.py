"""Rights of the two logins, and row-level security on what belongs to one workspace."""

from django.db import migrations

from accounts.isolation import GRANTS, isolate


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        isolate("accounts_businessaccount", root=True),
        isolate("accounts_phonenumber", {"business_account_id": "accounts_businessaccount"}),
        isolate("accounts_stream", key=None),
        isolate("accounts_streamevent", key=None),
    ]
