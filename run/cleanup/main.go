// Command cleanup ends accounts and sweeps up; see package internal/cleanup.
package main

import (
	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("cleanup", cleanup.Open) }
