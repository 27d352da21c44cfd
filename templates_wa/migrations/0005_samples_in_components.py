"""Samples are named in the components, card by card; a request has no file of its own beside them."""

from django.db import migrations


def with_sample(components, file):
    """The header's sample, where the components say now which file it is."""
    example = {"example": {"header_handle": [f"file:{file}"]}}
    media = {"IMAGE", "VIDEO", "DOCUMENT"}
    return [
        part | example if part.get("type") == "HEADER" and part.get("format") in media else part
        for part in components
    ]


def name_samples(apps, schema_editor):
    alias = schema_editor.connection.alias
    for request in apps.get_model("templates_wa", "Request").objects.using(alias).exclude(header_file=None):
        request.components = with_sample(request.components, request.header_file)
        request.save(update_fields=["components"])
    for wish in (
        apps.get_model("templates_wa", "Submission").objects.using(alias).filter(body__has_key="header_file")
    ):
        file = wish.body.pop("header_file")
        wish.body["components"] = with_sample(wish.body.get("components", []), file)
        wish.save(update_fields=["body"])


class Migration(migrations.Migration):
    dependencies = [("templates_wa", "0004_request_sample")]

    operations = [
        migrations.RunPython(name_samples, migrations.RunPython.noop),
        migrations.RemoveField("request", "header_file"),
    ]
