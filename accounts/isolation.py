"""The SQL that closes a tenant table: row-level security, policies and composite keys. Used by migrations only."""

from typing import Any

from django.db.migrations import RunSQL

# Run before the first tenant table exists, so that later tables inherit the rights.
GRANTS = [
    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO inbox_app, inbox_crossing",
    "ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO inbox_app, inbox_crossing",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO inbox_app, inbox_crossing",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO inbox_app, inbox_crossing",
    "GRANT USAGE ON SCHEMA public TO inbox_app, inbox_crossing",
]


def isolate(
    table: str, references: dict[str, str] | None = None, *, key: str | None = "id", root: bool = False
) -> RunSQL:
    """Closes `table` to all but its workspace; `references` maps a column to the tenant table it points at.

    A plain foreign key ignores row-level security and would let a row of one workspace point at another's, so
    every reference between tenant tables is (workspace_id, column) → (workspace_id, id). `key` names the column
    that together with workspace_id is made unique for that; None where nothing points at the table. `root` tables
    refer to the workspace itself, all others through them.
    The crossing policy is a policy of its own role: an OR inside one policy makes every list a hundred times slower.
    """
    sql: list[Any] = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} TO inbox_app"
        " USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::bigint)",
        f"CREATE POLICY crossing ON {table} TO inbox_crossing USING (true)",
    ]
    if key:
        sql.append(f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant_key UNIQUE (workspace_id, {key})")
    if root:
        sql.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_workspace FOREIGN KEY (workspace_id)"
            " REFERENCES accounts_workspace (id) DEFERRABLE INITIALLY DEFERRED"
        )
    for column, target in (references or {}).items():
        sql.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_tenant FOREIGN KEY (workspace_id, {column})"
            f" REFERENCES {target} (workspace_id, id) DEFERRABLE INITIALLY DEFERRED"
        )
    return RunSQL(sql, RunSQL.noop)
