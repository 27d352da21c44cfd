"""Search finds what people wrote to each other. What a campaign wrote to everybody would bury all of that, and writing
its words into the index would be the dearest part of sending it."""

from django.db import migrations

# Where the planner finds it again word by word, it may use the partial index.
WRITTEN = "(NOT outgoing OR broadcast_id IS NULL)"
INDEX = "CREATE INDEX inbox_message_search ON inbox_message USING gin (workspace_id, to_tsvector('simple', body)){where}"
# As before (0003_invariants) but for `written`. The walk goes over the newest rows and not over so many that fit: it must
# end soon right after a campaign, and then the index knows.
SEARCH_TEXTS = r"""
    CREATE OR REPLACE FUNCTION inbox_search_texts(tenant bigint, words text, at_most int, number bigint)
    RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
    DECLARE
        lexemes text[] := tsvector_to_array(to_tsvector('simple', words));
        -- The last word may be the beginning of one. Only the last: the index gathers everything that begins so.
        wanted tsquery := (
            SELECT string_agg('''' || regexp_replace(each, '([\\''])', '\\\1', 'g') || ''''
                || CASE WHEN right(lower(words), length(each)) = each THEN ':*' ELSE '' END, ' & ')
            FROM unnest(lexemes) AS each
        )::tsquery;
        -- Every lexeme stands in its text as it is; ILIKE rules out the others at a tenth of the cost.
        patterns text[] := ARRAY(
            SELECT '%' || regexp_replace(each, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(lexemes) AS each);
        depth int;
        found bigint[];
    BEGIN
        FOREACH depth IN ARRAY ARRAY[4000, 64000] LOOP
            found := ARRAY(
                SELECT conversation_id
                FROM (SELECT conversation_id, number_id, body, outgoing, broadcast_id FROM inbox_message
                    WHERE workspace_id = tenant ORDER BY id DESC LIMIT depth) AS walked
                WHERE {written} AND body ILIKE ALL (patterns) AND to_tsvector('simple', body) @@ wanted
                    AND (number IS NULL OR number_id = number)
                LIMIT at_most
            );
            EXIT WHEN cardinality(found) >= at_most OR cardinality(found) * 200 < depth;
        END LOOP;
        IF cardinality(found) < at_most THEN
            -- MATERIALIZED: with the LIMIT in sight the planner would walk again.
            WITH matching AS MATERIALIZED (
                SELECT id, conversation_id FROM inbox_message
                WHERE workspace_id = tenant AND to_tsvector('simple', body) @@ wanted AND {written}
                    AND (number IS NULL OR number_id = number)
            )
            SELECT array_agg(conversation_id) INTO found
            FROM (SELECT conversation_id FROM matching ORDER BY id DESC LIMIT at_most) AS newest;
        END IF;
        RETURN found;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0007_requests_only")]

    operations = [
        migrations.RunSQL(
            [
                "DROP INDEX inbox_message_search",
                INDEX.format(where=f" WHERE {WRITTEN}"),
                SEARCH_TEXTS.replace("{written}", WRITTEN),
            ],
            ["DROP INDEX inbox_message_search", INDEX.format(where="")],
        )
    ]
