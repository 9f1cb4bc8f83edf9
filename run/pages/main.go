// Command pages shows public timetables to visitors; see package internal/pages.
package main

import (
	"heek.kr/heektime/internal/pages"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("pages", pages.Open) }
