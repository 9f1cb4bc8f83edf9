-- What the way back keeps in the old database. Every statement can run again.

SELECT pg_advisory_xact_lock(hashtext('heektime_migration'));
CREATE SCHEMA IF NOT EXISTS heektime_migration;

-- reverse_position says from where each kind's documents are applied: those that changed after the token, or
-- after read_time if there is no token yet. A kind without a row has never been on the new side.
CREATE TABLE IF NOT EXISTS heektime_migration.reverse_position (
    kind      text PRIMARY KEY,
    token     bytea,
    read_time timestamptz NOT NULL,
    -- the last document from before the first switch that was brought back, NULL if all of them were
    backfill  text DEFAULT ''
);

-- reverse_stream has one row: the last mark that was applied, and when. A mark for passwords is applied once the
-- accounts in Authentication have been listed after it.
CREATE TABLE IF NOT EXISTS heektime_migration.reverse_stream (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    mark       text NOT NULL DEFAULT '',
    password_mark        text NOT NULL DEFAULT '',
    wanted_password_mark text NOT NULL DEFAULT '',
    applied_at timestamptz
);
INSERT INTO heektime_migration.reverse_stream DEFAULT VALUES ON CONFLICT DO NOTHING;

-- aside has the documents, and the fields of documents, that have no place in the old database.
CREATE TABLE IF NOT EXISTS heektime_migration.aside (
    path     text PRIMARY KEY,
    whole    boolean NOT NULL, -- there is no row at all
    document jsonb NOT NULL,
    problem  text              -- why PostgreSQL rejected the row, NULL if none was tried
);

-- ids has the rows whose key is not the document's id, which the old database cannot hold.
CREATE TABLE IF NOT EXISTS heektime_migration.ids (
    path text PRIMARY KEY,
    kind text NOT NULL,
    key  text NOT NULL,
    UNIQUE (kind, key)
);

-- parked has the rows of users who are hidden on the new side, until they return or are gone for good.
CREATE TABLE IF NOT EXISTS heektime_migration.parked (
    path text PRIMARY KEY,
    row  jsonb NOT NULL
);
