"""The phonebook's search: row-level security would switch its index off, so it is a function of the tables' owner."""

from django.db import migrations

# In the order of the phonebook, from a place in it on. What is frequent is found by walking on from there, what is rare
# by the index; one plan for both would sort a hundred thousand rows or walk through millions, and the planner cannot
# choose: it takes every word for one row in 200. So a short walk goes first, goes on where that promises enough, and
# otherwise the index is asked. `at_most` NULL means everybody.
SEARCH = r"""
    CREATE FUNCTION phonebook_search(
        words text, at_most int, after_name text DEFAULT '', after_id bigint DEFAULT 0,
        of_label bigint DEFAULT NULL, of_list bigint DEFAULT NULL, of_choice int DEFAULT NULL
    ) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
    DECLARE
        tenant bigint := nullif(current_setting('app.workspace_id', true), '')::bigint;
        digits text := ltrim(regexp_replace(words, '[^0-9]', '', 'g'), '0');
        -- A phone number is looked for by its last nine digits, however it was written, with a country code or a zero
        -- before them. A Brazilian one by eight, since WhatsApp leaves the ninth out of some.
        ending text := right(digits, CASE WHEN digits ~ '^55[1-9][1-9]9?[6-9][0-9]{7}$' THEN 8 ELSE 9 END);
        patterns text[] := CASE WHEN length(digits) >= 4 THEN ARRAY['%' || ending || '%'] END
            || CASE WHEN length(digits) < 4 OR words ~ '[^0-9 +()./-]'
                THEN ARRAY['%' || regexp_replace(words, '([\\%_])', '\\\1', 'g') || '%'] END;
        -- Without three letters in a row the index would be read from end to end.
        indexed boolean := NOT EXISTS (SELECT FROM unnest(patterns) AS each WHERE each !~ '[[:alnum:]]{3}');
        depth int;
        found bigint[] := '{}';
    BEGIN
        IF at_most IS NOT NULL THEN
            FOREACH depth IN ARRAY ARRAY[500, 20000] LOOP
                found := ARRAY(
                    SELECT c.id FROM (
                        SELECT * FROM phonebook_contact
                        WHERE workspace_id = tenant AND merged_into_id IS NULL
                            AND (sort_name, id) > (after_name, after_id)
                        ORDER BY sort_name, id LIMIT depth
                    ) AS c
                    WHERE c.search ILIKE ANY (patterns) {filters}
                    ORDER BY c.sort_name, c.id LIMIT at_most
                );
                EXIT WHEN cardinality(found) >= at_most OR cardinality(found) * 100 < depth AND indexed;
            END LOOP;
        END IF;
        IF at_most IS NULL OR cardinality(found) < at_most THEN
            -- MATERIALIZED: with the order and the LIMIT in sight the planner would walk again.
            WITH c AS MATERIALIZED (
                SELECT id, sort_name, marketing FROM phonebook_contact
                WHERE workspace_id = tenant AND merged_into_id IS NULL AND search ILIKE ANY (patterns)
                    AND (sort_name, id) > (after_name, after_id)
            )
            SELECT array_agg(id ORDER BY sort_name, id) INTO found
            FROM (SELECT * FROM c WHERE true {filters} ORDER BY sort_name, id LIMIT at_most) AS first;
        END IF;
        RETURN QUERY SELECT unnest(found);
    END $$
"""
FILTERS = """
    AND (of_choice IS NULL OR c.marketing = of_choice)
    AND (of_label IS NULL OR EXISTS (
        SELECT FROM phonebook_contactlabel AS l
        WHERE l.workspace_id = tenant AND l.label_id = of_label AND l.contact_id = c.id))
    AND (of_list IS NULL OR EXISTS (
        SELECT FROM phonebook_listmember AS m
        WHERE m.workspace_id = tenant AND m.list_id = of_list AND m.contact_id = c.id))
"""
SIGNATURE = "phonebook_search(text, int, text, bigint, bigint, bigint, int)"


class Migration(migrations.Migration):
    dependencies = [("phonebook", "0004_isolation")]

    operations = [
        migrations.RunSQL(
            [
                SEARCH.replace("{filters}", FILTERS),
                f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO inbox_app",
            ],
            f"DROP FUNCTION {SIGNATURE}",
        )
    ]
