// Command subscriptions subscribes devices to notifications; see package internal/subscriptions.
package main

import (
	"heek.kr/heektime/internal/server"
	"heek.kr/heektime/internal/subscriptions"
)

func main() { server.Main("subscriptions", subscriptions.Open) }
