-- Which password hashes Firestore has. Every statement can run again.

SELECT pg_advisory_xact_lock(hashtext('heektime_migration'));
CREATE SCHEMA IF NOT EXISTS heektime_migration;

-- passwords has a fingerprint of each user's hash as it was when Firestore got it, in either direction: when
-- it was copied or followed, or at a switch. A hash that differs was set by the old server since.
CREATE TABLE IF NOT EXISTS heektime_migration.passwords (
    key         text PRIMARY KEY,
    credential  text NOT NULL, -- id of the document
    fingerprint text NOT NULL,
    -- when Authentication had no password that is older than the hash
    at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS passwords_credential ON heektime_migration.passwords (credential);

-- renames has the accounts in Authentication whose address another account has got, until they get their own.
CREATE TABLE IF NOT EXISTS heektime_migration.renames (uid text PRIMARY KEY);
