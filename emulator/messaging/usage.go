package messaging

import (
	"context"
	"net/http"

	"heek.kr/heektime/emulator/billing"
)

// countMessage counts a message that was accepted. Cloud Messaging is free.
//
// Source: https://firebase.google.com/pricing
func (s *Server) countMessage(r *http.Request) {
	s.meter.Add(billing.MessagingMessages, cause(r.Context(), r.Header.Get(billing.ActionHeader)), 1)
}

func cause(ctx context.Context, action string) billing.Cause {
	service := billing.ServiceOf(ctx)
	if service == "" {
		service = billing.Server
	}
	if action == "" {
		action = "messages:send"
	}
	return billing.Cause{Service: service, Action: action}
}
