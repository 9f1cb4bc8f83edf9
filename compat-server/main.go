// Command compat-server gives old apps the REST API that they were made for; see package api. Deleting this folder, with
// cmd/heektime/compat.go, is how the migration ends.
package main

import (
	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("compat-server", api.Open) }
