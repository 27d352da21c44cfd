"""Finds the contacts that have a number, to treat those who share one alike."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("phonebook", "0006_import_prepared")]

    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["workspace", "phone"], name="phonebook_contact_phone"),
        ),
    ]
