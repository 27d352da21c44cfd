"""Row-level security of lists, consent and imports; phones that are the same person in every spelling."""

from django.db import migrations

from accounts.isolation import isolate

CONTACT, MEMBER, LABEL, LIST = "phonebook_contact", "accounts_membership", "phonebook_label", "phonebook_list"

# The canonical forms of phonebook.phones.canonical, and one portfolio (none) for all phones.
CANONICAL = """
    regexp_replace(regexp_replace(regexp_replace(value,
        '^55(\\d\\d)9([6-9]\\d{7})$', '55\\1\\2'), '^521(\\d{10})$', '52\\1'), '^549(\\d{10})$', '54\\1')
"""
PHONES_ARE_ONE = [
    f"""
    DELETE FROM phonebook_identity WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY workspace_id, {CANONICAL} ORDER BY id) AS place
            FROM phonebook_identity WHERE kind = 'wa_id'
        ) AS ranked WHERE place > 1
    )
    """,
    f"UPDATE phonebook_identity SET portfolio_id = '', value = {CANONICAL} WHERE kind = 'wa_id'",
]


class Migration(migrations.Migration):
    dependencies = [("phonebook", "0003_business_initiated"), ("accounts", "0003_business_initiated")]

    operations = [
        isolate(LABEL, root=True),
        isolate("phonebook_contactlabel", {"label_id": LABEL, "contact_id": CONTACT}, key=None),
        isolate("phonebook_consent", {"contact_id": CONTACT, "member_id": MEMBER}, key=None),
        isolate("phonebook_keyword", key=None, root=True),
        isolate(LIST, {"created_by_id": MEMBER}, root=True),
        isolate("phonebook_listmember", {"list_id": LIST, "contact_id": CONTACT}, key=None),
        isolate("phonebook_import", {"list_id": LIST, "created_by_id": MEMBER}),
        isolate("phonebook_importrow", {"file_id": "phonebook_import"}, key=None),
        migrations.RunSQL(
            [
                "ALTER TABLE phonebook_contact ADD CONSTRAINT phonebook_contact_merged_into_id_tenant"
                " FOREIGN KEY (workspace_id, merged_into_id) REFERENCES phonebook_contact (workspace_id, id)"
                " DEFERRABLE INITIALLY DEFERRED",
                *PHONES_ARE_ONE,
            ],
            migrations.RunSQL.noop,
        ),
    ]
