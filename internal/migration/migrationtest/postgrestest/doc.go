// Package postgrestest runs PostgreSQL for tests. It needs the programs initdb and postgres, version 12 or
// later, from PATH or from Debian's packages, and no running server, role or password:
//
//	db := postgrestest.NewDatabase(t, olddata.Schema) // an empty database with this schema
//	conn, err := pgx.Connect(ctx, db.URL())
//
// All databases of a test binary are on one server, which [Shared] starts for the first test that needs it
// and which ends with the binary, even if the binary is killed. Tests that stop or kill PostgreSQL
// [Start] a server of their own.
//
// initdb runs once for each installation of PostgreSQL: its result is kept in the user's cache folder and
// copied for each server.
//
// Servers have wal_level=logical. The role in their URLs is a superuser and may replicate.
//
// Without PostgreSQL the tests are skipped, or fail if REQUIRE_POSTGRES is set.
package postgrestest
