// Command compat-server serves the REST API of old apps; see package api. The migration ends when this
// folder is deleted, together with cmd/heektime/compat.go.
package main

import (
	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("compat-server", api.Open) }
