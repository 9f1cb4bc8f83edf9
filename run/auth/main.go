// Command auth signs users in; see package internal/auth.
package main

import (
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("auth", auth.Open) }
