"""Samples are named in the components, card by card; a request has no file of its own beside them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("templates_wa", "0004_request_sample"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="request",
            name="header_file",
        ),
    ]
