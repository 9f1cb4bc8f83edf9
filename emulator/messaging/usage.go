package messaging

import (
	"cmp"
	"net/http"

	"heek.kr/heektime/emulator/billing"
)

// countMessage counts a message that was accepted. Cloud Messaging is free.
//
// Source: https://firebase.google.com/pricing
func (s *Server) countMessage(r *http.Request) {
	s.meter.Add(billing.MessagingMessages, billing.Cause{
		Service: cmp.Or(billing.ServiceOf(r.Context()), billing.Server), Action: cmp.Or(r.Header.Get(billing.ActionHeader), "messages:send"),
	}, 1)
}
