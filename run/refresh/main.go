// Command refresh keeps the published course lists fresh; see package internal/refresh.
package main

import (
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("refresh", refresh.Open) }
