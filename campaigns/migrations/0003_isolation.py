"""Row-level security and composite keys of campaigns and their recipients."""

from django.db import migrations

from accounts.isolation import isolate

CAMPAIGN, MEMBER, TEMPLATE = "campaigns_campaign", "accounts_membership", "templates_wa_template"


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_references"), ("inbox", "0005_isolation")]

    operations = [
        isolate(
            CAMPAIGN,
            {
                "broadcast_id": "inbox_broadcast",
                "number_id": "accounts_phonenumber",
                "created_by_id": MEMBER,
                "launched_by_id": MEMBER,
            },
        ),
        isolate("campaigns_language", {"campaign_id": CAMPAIGN, "template_id": TEMPLATE}, key=None),
        isolate("campaigns_audience", {"campaign_id": CAMPAIGN, "list_id": "phonebook_list"}, key=None),
        isolate(
            "campaigns_recipient",
            {
                "campaign_id": CAMPAIGN,
                "contact_id": "phonebook_contact",
                "template_id": TEMPLATE,
                "message_id": "inbox_message",
            },
            key=None,
        ),
    ]
