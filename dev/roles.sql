-- The three roles and what only a superuser may create; run as superuser inside the database `inbox`, any number of
-- times. Passwords are set afterwards, by whoever runs this (dev/postgres.py, docker-compose.yml).
do $$
begin
    if not exists (select from pg_roles where rolname = 'inbox_owner') then
        -- Owns the database and migrates. createdb: test databases.
        create role inbox_owner login createdb;
    end if;
    if not exists (select from pg_roles where rolname = 'inbox_app') then
        -- Everything else. Neither owner nor superuser, so row-level security binds it.
        create role inbox_app login;
    end if;
    if not exists (select from pg_roles where rolname = 'inbox_crossing') then
        -- Sees all tenants, for the length of one SET LOCAL ROLE.
        create role inbox_crossing nologin;
    end if;
end
$$;

-- inherit false matters: inherited, its policies would apply to inbox_app at all times and switch isolation off.
grant inbox_crossing to inbox_app with inherit false, set true;

do $$ begin execute format('alter database %I owner to inbox_owner', current_database()); end $$;

-- Not a trusted extension; the trusted ones belong to the migrations.
create extension if not exists pg_stat_statements;
