"""What the Marketing tab shows of a broadcast without counting its messages: people by a trigger, answers by an index."""

from django.db import migrations, models

# A campaign's slices follow one another, so nobody waits for the row; two broadcasts are taken in one order all the same.
COUNT_PEOPLE = """
    CREATE FUNCTION inbox_broadcast_people() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        sent record;
    BEGIN
        FOR sent IN
            SELECT broadcast_id, count(*) AS n FROM added
            WHERE outgoing AND broadcast_id IS NOT NULL AND retry_of_id IS NULL
            GROUP BY broadcast_id ORDER BY broadcast_id
        LOOP
            UPDATE inbox_broadcast SET people = people + sent.n WHERE id = sent.broadcast_id;
        END LOOP;
        RETURN NULL;
    END $$
"""
PEOPLE = [
    COUNT_PEOPLE,
    """
    CREATE TRIGGER inbox_broadcast_people AFTER INSERT ON inbox_message REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION inbox_broadcast_people()
    """,
    """
    UPDATE inbox_broadcast SET people = (
        SELECT count(*) FROM inbox_message AS message
        WHERE message.broadcast_id = inbox_broadcast.id AND outgoing AND retry_of_id IS NULL
    )
    """,
]


class Migration(migrations.Migration):
    dependencies = [("inbox", "0005_isolation")]

    operations = [
        migrations.AddField("broadcast", "people", models.IntegerField(db_default=0, default=0)),
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["broadcast", "conversation"],
                include=["workspace"],
                condition=models.Q(broadcast__isnull=False, outgoing=False),
                name="inbox_message_answers",
            ),
        ),
        migrations.RunSQL(PEOPLE, migrations.RunSQL.noop),
    ]
