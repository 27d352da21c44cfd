"""The index of the forms' requests holds only messages that have one, which neither inbound nor mass messages do.

Besides being written for every one of them, it was small enough for PostgreSQL to check foreign keys by it, workspace by
workspace instead of row by row, as long as a new database had no statistics.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0006_marketing_tab")]

    operations = [
        migrations.RemoveConstraint("message", "inbox_message_request"),
        migrations.AddConstraint(
            "message",
            models.UniqueConstraint(
                condition=models.Q(("request_id__isnull", False)),
                fields=("workspace", "request_id"),
                name="inbox_message_request",
            ),
        ),
    ]
