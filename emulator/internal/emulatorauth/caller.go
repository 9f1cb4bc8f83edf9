// Package emulatorauth authenticates the callers of emulators that enforce security rules. An
// [Authenticator] turns an Authorization header into a [Caller].
package emulatorauth

import (
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/rules"
)

// Caller is who makes a request. The zero Caller is not signed in.
type Caller struct {
	// Owner reports whether the caller is a server or this process. Rules do not apply to it.
	Owner bool
	// Auth is the signed-in user, nil when nobody is signed in.
	Auth *rules.Auth
	// Err says why the credentials are invalid. It matters only where there are rules.
	Err error

	// Service is the service that the service account of the call belongs to, "" if it is unknown.
	Service string
	// Action is what the bill shows the request as: its operation, or the name that the client gave it.
	Action string
}

// UID returns the signed-in user's id, "" when nobody is signed in.
func (c Caller) UID() string {
	if c.Auth == nil {
		return ""
	}
	return c.Auth.UID
}

// Doing returns the caller with an operation as its action, unless the client has named one.
func (c Caller) Doing(operation string) Caller {
	if c.Action == "" {
		c.Action = operation
	}
	return c
}

// Outside reports whether the caller is outside of Google's network, so that the bytes of responses are
// billed.
func (c Caller) Outside() bool { return !c.Owner && c.Service == "" }

// Cause returns the cause of what the caller's request is billed. collection is where.
func (c Caller) Cause(collection string) billing.Cause {
	service := c.Service
	switch {
	case service != "":
	case c.Owner:
		service = billing.Server
	default:
		service = billing.Client
	}
	return billing.Cause{User: c.UID(), Service: service, Action: c.Action, Collection: collection}
}
