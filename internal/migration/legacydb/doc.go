// Package legacydb reads the old PostgreSQL database, whatever its schema is: migrate.yaml maps it.
//
//	mapping.go    Mapping, the parsed migrate.yaml, and Default, the one of HeekTime's old database
//	row.go        a struct per kind of row: School, Semester, User, Timetable, Lecture
//	db.go         DB, a pool of connections, and Reader, one consistent snapshot
//	read.go       Rows, ByKey and ByParent, which read the rows of a kind
//	affected.go   Affected: which rows a change of a table touches, for logical replication
//	save.go       Save and Remove, which write rows while new data flows back
//	time.go       ParseTime and FormatTime
//
// The database is dirty and almost any column may be NULL. A row therefore holds each column as the
// text that PostgreSQL prints, or nil for NULL; nothing is lost before package conversion looks for
// what the new schema cannot hold.
package legacydb
