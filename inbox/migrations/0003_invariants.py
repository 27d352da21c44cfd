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
# tables' owner and repeats the tenant check itself. EXECUTE plans with the actual words, never a generic plan.
SEARCH = [
    "CREATE INDEX inbox_message_search ON inbox_message USING gin (workspace_id, to_tsvector('simple', body))",
    """
    CREATE FUNCTION inbox_search(words text, at_most int) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        tenant bigint := nullif(current_setting('app.workspace_id', true), '')::bigint;
        lexemes text := (SELECT string_agg(quote_literal(lexeme) || ':*', ' & ')
                         FROM unnest(to_tsvector('simple', words)));
        pattern text := '%' || replace(replace(replace(words, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%';
        digits text := ltrim(regexp_replace(words, '[^0-9]', '', 'g'), '0');
    BEGIN
        RETURN QUERY EXECUTE
            'SELECT c.id FROM inbox_conversation c WHERE c.workspace_id = $1 AND c.id IN (
                SELECT v.id FROM inbox_conversation v JOIN phonebook_contact p ON p.id = v.contact_id
                    WHERE p.workspace_id = $1 AND p.search ILIKE $2
                UNION ALL
                SELECT v.id FROM inbox_conversation v JOIN phonebook_contact p ON p.id = v.contact_id
                    WHERE length($3) >= 4 AND p.workspace_id = $1 AND p.search LIKE ''%'' || $3 || ''%''
                UNION ALL
                (SELECT m.conversation_id FROM inbox_message m
                    WHERE m.workspace_id = $1 AND to_tsvector(''simple'', m.body) @@ to_tsquery(''simple'', $4)
                    ORDER BY m.id DESC LIMIT 400)
            ) ORDER BY c.last_at DESC, c.id DESC LIMIT $5'
            USING tenant, pattern, digits, coalesce(lexemes, ''), at_most;
    END $$
    """,
    "REVOKE ALL ON FUNCTION inbox_search(text, int) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION inbox_search(text, int) TO inbox_app",
]


class Migration(migrations.Migration):
    dependencies = [("inbox", "0002_isolation")]

    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (CLAIMED_MEANS_OPEN_CLAIM, ROOM_FOR_RECEIPTS, STATUS_NEVER_GOES_BACK, TALLIES, SEARCH)
    ]
