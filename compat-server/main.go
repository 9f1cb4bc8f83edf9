// Command compat-server serves the legacy REST API to old apps; see package api. Deleting this
// folder and cmd/heektime/compat.go ends the migration.
package main

import (
	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("compat-server", api.Open) }
