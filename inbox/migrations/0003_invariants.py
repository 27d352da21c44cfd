"""The invariants that Django's options cannot express, and the search that row-level security would disable."""

from django.db import migrations

# claimed ⇔ an open claim row. `open_id` is the claim's id while it is open. The first key says that a conversation's
# claim is an open claim of that conversation and of that holder; the second that an open claim is its conversation's
# claim. Both wait for COMMIT, so that an action may write the two rows in any order.
CLAIMED_MEANS_OPEN_CLAIM = [
    "ALTER TABLE inbox_claim ADD COLUMN open_id bigint"
    " GENERATED ALWAYS AS (CASE WHEN ended IS NULL THEN id END) STORED",
    "ALTER TABLE inbox_claim ADD CONSTRAINT inbox_claim_open_key UNIQUE (conversation_id, open_id, member_id)",
    "ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_claim_key UNIQUE (id, claim_id)",
    "ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_claim_is_open"
    " FOREIGN KEY (id, claim_id, holder_id) REFERENCES inbox_claim (conversation_id, open_id, member_id)"
    " DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE inbox_claim ADD CONSTRAINT inbox_claim_open_is_the_claim"
    " FOREIGN KEY (conversation_id, open_id) REFERENCES inbox_conversation (id, claim_id)"
    " DEFERRABLE INITIALLY DEFERRED",
]

# A message is written once and gets three receipts: room on its page keeps those updates off every index.
ROOM_FOR_RECEIPTS = ["ALTER TABLE inbox_message SET (fillfactor = 85)"]

STATUS_NEVER_GOES_BACK = [
    """
    CREATE FUNCTION inbox_refuse_older_status() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'message % cannot go back from status % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'inbox_message_status_grows';
    END $$
    """,
    """
    CREATE TRIGGER inbox_message_status_grows BEFORE UPDATE OF status ON inbox_message FOR EACH ROW
    WHEN (OLD.status >= 10 AND (NEW.status IS NULL OR NEW.status < OLD.status))
    EXECUTE FUNCTION inbox_refuse_older_status()
    """,
]

# Differences, not counters: two transactions that move conversations never wait for each other here.
TALLY_FUNCTION = """
    CREATE FUNCTION inbox_tally_{verb}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO inbox_tally (workspace_id, number_id, state, holder_id, n)
        SELECT workspace_id, number_id, state, holder_id, sum(n) FROM ({rows}) AS moved
        GROUP BY workspace_id, number_id, state, holder_id HAVING sum(n) <> 0;
        RETURN NULL;
    END $$
"""
TALLY_TRIGGER = """
    CREATE TRIGGER inbox_tally_{verb} AFTER {verb} ON inbox_conversation {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION inbox_tally_{verb}()
"""
ADDED = "SELECT workspace_id, number_id, state, holder_id, 1 AS n FROM added"
REMOVED = "SELECT workspace_id, number_id, state, holder_id, -1 AS n FROM removed"
TALLIES = [
    sql.format(verb=verb, rows=rows, tables=tables)
    for verb, rows, tables in [
        ("insert", ADDED, "REFERENCING NEW TABLE AS added"),
        ("update", f"{ADDED} UNION ALL {REMOVED}", "REFERENCING NEW TABLE AS added OLD TABLE AS removed"),
        ("delete", REMOVED, "REFERENCING OLD TABLE AS removed"),
    ]
    for sql in (TALLY_FUNCTION, TALLY_TRIGGER)
]

# Under row-level security neither @@ nor ILIKE may use an index (they are not leakproof), so the search runs as the
# tables' owner and repeats the tenant check itself.
#
# What is frequent is found by walking the newest rows, what is rare by its index; one plan for both would sort a
# hundred thousand rows or walk through millions. The planner cannot choose: it takes every beginning of a word for
# one row in 200. So a short walk goes first, goes on where that promises enough, and otherwise the index is asked.
SEARCH_NAMES = r"""
    CREATE FUNCTION inbox_search_names(tenant bigint, words text, at_most int, number bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE AS $$
    DECLARE
        -- A phone number is looked for by its last nine digits, however it was written, with a country code or a zero
        -- before them. The first ones are in every number: asked for them too, the index takes ten times as long.
        digits text := right(ltrim(regexp_replace(words, '[^0-9]', '', 'g'), '0'), 9);
        patterns text[] := CASE WHEN length(digits) >= 4 THEN ARRAY['%' || digits || '%'] END
            || CASE WHEN length(digits) < 4 OR words ~ '[^0-9 +()./-]'
                THEN ARRAY['%' || regexp_replace(words, '([\\%_])', '\\\1', 'g') || '%'] END;
        -- Without three letters in a row the index would be read from end to end: such words are only walked for.
        indexed text[] := ARRAY(SELECT each FROM unnest(patterns) AS each WHERE each ~ '[[:alnum:]]{3}');
        depth int;
        found bigint[];
    BEGIN
        FOREACH depth IN ARRAY ARRAY[500, 20000] LOOP
            found := ARRAY(
                SELECT walked.id
                FROM (SELECT * FROM ({walk}) AS every ORDER BY last_at DESC, id DESC LIMIT depth) AS walked,
                    -- OFFSET 0: contact by contact, never all contacts first.
                    LATERAL (SELECT FROM phonebook_contact AS contact
                        WHERE contact.id = walked.contact_id AND search ILIKE ANY (patterns) OFFSET 0) AS matching
                LIMIT at_most
            );
            EXIT WHEN cardinality(found) >= at_most
                OR cardinality(found) * 100 < depth AND cardinality(indexed) = cardinality(patterns);
        END LOOP;
        IF cardinality(found) < at_most THEN
            found := found || ARRAY(
                SELECT c.id FROM phonebook_contact AS contact JOIN inbox_conversation AS c ON c.contact_id = contact.id
                WHERE contact.workspace_id = tenant AND contact.search ILIKE ANY (indexed)
                    AND (number IS NULL OR c.number_id = number)
                ORDER BY c.last_at DESC, c.id DESC LIMIT at_most
            );
        END IF;
        RETURN found;
    END $$
"""
# Each state's part comes in order from inbox_conv_tab, so that the walk reads no more rows than it takes.
WALK = """
    (SELECT id, contact_id, last_at FROM inbox_conversation WHERE workspace_id = tenant AND state = '{state}'
    AND (number IS NULL OR number_id = number) ORDER BY last_at DESC, id DESC LIMIT depth)
"""
STATES = ("outbound", "unclaimed", "claimed", "closed")
SEARCH_TEXTS = r"""
    CREATE FUNCTION inbox_search_texts(tenant bigint, words text, at_most int, number bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE AS $$
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
                FROM (SELECT conversation_id, number_id, body FROM inbox_message
                    WHERE workspace_id = tenant ORDER BY id DESC LIMIT depth) AS walked
                WHERE body ILIKE ALL (patterns) AND to_tsvector('simple', body) @@ wanted
                    AND (number IS NULL OR number_id = number)
                LIMIT at_most
            );
            EXIT WHEN cardinality(found) >= at_most OR cardinality(found) * 200 < depth;
        END LOOP;
        IF cardinality(found) < at_most THEN
            -- MATERIALIZED: with the LIMIT in sight the planner would walk again.
            WITH matching AS MATERIALIZED (
                SELECT id, conversation_id FROM inbox_message
                WHERE workspace_id = tenant AND to_tsvector('simple', body) @@ wanted
                    AND (number IS NULL OR number_id = number)
            )
            SELECT array_agg(conversation_id) INTO found
            FROM (SELECT conversation_id FROM matching ORDER BY id DESC LIMIT at_most) AS newest;
        END IF;
        RETURN found;
    END $$
"""
# plan_cache_mode: each call is planned for its own words, here and in the two functions above.
SEARCH_FUNCTION = """
    CREATE FUNCTION inbox_search(words text, at_most int, number bigint DEFAULT NULL) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
    DECLARE
        tenant bigint := nullif(current_setting('app.workspace_id', true), '')::bigint;
        named bigint[] := inbox_search_names(tenant, words, at_most, number);
        written bigint[] := inbox_search_texts(tenant, words, 4 * at_most, number);
    BEGIN
        RETURN QUERY SELECT id FROM inbox_conversation
            WHERE workspace_id = tenant AND id = ANY (named || written) ORDER BY last_at DESC, id DESC LIMIT at_most;
    END $$
"""
SEARCH = [
    "CREATE INDEX inbox_message_search ON inbox_message USING gin (workspace_id, to_tsvector('simple', body))",
    SEARCH_NAMES.replace("{walk}", " UNION ALL ".join(WALK.format(state=state) for state in STATES)),
    SEARCH_TEXTS,
    SEARCH_FUNCTION,
    "REVOKE ALL ON FUNCTION inbox_search(text, int, bigint) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION inbox_search(text, int, bigint) TO inbox_app",
]


class Migration(migrations.Migration):
    dependencies = [("inbox", "0002_isolation")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (CLAIMED_MEANS_OPEN_CLAIM, ROOM_FOR_RECEIPTS, STATUS_NEVER_GOES_BACK, TALLIES, SEARCH)
    ]
