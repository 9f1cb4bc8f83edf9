// Package olddata has the schema of HeekTime's old database and fills it with demo data, as dirty as real
// data is.
//
// A [Generator] makes the same users, timetables and lectures for the same [Config], one user at a time and
// in any order, so that a million lectures need no memory. [Fill] copies them into a database with [Schema].
// Every tenth user is dirty: one field of theirs or of their timetables and lectures is something that the
// new schema cannot hold. [Dirt] names what, and [Generator.Dirty] finds a user who has it.
package olddata

import _ "embed"

// Schema creates the tables of the old database.
//
//go:embed schema.sql
var Schema string
