// Package olddata has the schema of HeekTime's old database and fills it with demo data, as dirty as real
// data is.
package olddata

import _ "embed"

// Schema creates the tables of the old database.
//
//go:embed schema.sql
var Schema string
