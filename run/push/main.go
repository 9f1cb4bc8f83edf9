// Command push sends notifications; see package internal/push.
package main

import (
	"heek.kr/heektime/internal/push"
	"heek.kr/heektime/internal/server"
)

func main() { server.Main("push", push.Open) }
