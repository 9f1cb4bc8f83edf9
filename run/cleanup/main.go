// Command cleanup purges deleted accounts and sweeps up orphaned data; see package internal/cleanup.
package main

import (
	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("cleanup", cleanup.Open) }
