// Command functions handles the events of deleted documents; see package internal/functions.
package main

import (
	"heek.kr/heektime/internal/functions"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("functions", functions.Open) }
