"""Row-level security and composite keys of templates, requests and submissions."""

from django.db import migrations

from accounts.isolation import isolate

ACCOUNT, MEMBER, TEMPLATE = "accounts_businessaccount", "accounts_membership", "templates_wa_template"
REQUEST = "templates_wa_request"


class Migration(migrations.Migration):
    dependencies = [("templates_wa", "0001_initial"), ("accounts", "0003_business_initiated")]

    operations = [
        isolate(TEMPLATE, {"account_id": ACCOUNT}),
        isolate("templates_wa_sync", {"account_id": ACCOUNT}, key=None),
        isolate(REQUEST, {"account_id": ACCOUNT, "requested_by_id": MEMBER, "template_id": TEMPLATE}),
        isolate("templates_wa_note", {"request_id": REQUEST, "member_id": MEMBER}, key=None),
        isolate(
            "templates_wa_submission",
            {
                "account_id": ACCOUNT,
                "template_id": TEMPLATE,
                "support_request_id": REQUEST,
                "member_id": MEMBER,
            },
            key=None,
        ),
        isolate("templates_wa_headerfile", key=None, root=True),
    ]
