-- Guards of the old database's tables, and what the way back keeps there. Every statement can run again, and
-- works from PostgreSQL 12 on.

SELECT pg_advisory_xact_lock(hashtext('heektime_migration'));
CREATE SCHEMA IF NOT EXISTS heektime_migration;

-- guard rejects a statement that writes a table whose kind of data lives in Firestore. A trigger's arguments
-- are the kind and until when it rejects: a time, or 'final'. It reads no table, because a transaction of
-- isolation level repeatable read would read it as it was before the switch; triggers apply to every
-- transaction that gets its lock after they were created, whatever its snapshot.
CREATE OR REPLACE FUNCTION heektime_migration.guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF current_setting('heektime.reverse', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_ARGV[1] = 'final' OR clock_timestamp() < TG_ARGV[1]::timestamptz THEN
        RAISE EXCEPTION 'heektime: % moved to Firestore, and % takes no more writes', TG_ARGV[0], TG_TABLE_NAME
            USING ERRCODE = 'HTM01', HINT = 'heektime migrate back moves them back.';
    END IF;
    RETURN NULL;
END
$$;

-- drain has a row per kind that a switch writes after the last accepted write of the old server. Its
-- transaction is what the stream of changes must have passed.
CREATE TABLE IF NOT EXISTS heektime_migration.drain (
    kind  text PRIMARY KEY,
    mark  bigint NOT NULL,
    at    timestamptz NOT NULL
);
