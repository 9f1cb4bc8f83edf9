// Package emulatorauth authenticates the callers of emulators that enforce security rules. An
// [Authenticator] turns an Authorization header into a [Caller].
package emulatorauth

import "heek.kr/heektime/emulator/rules"

// Caller is who makes a request. The zero Caller is not signed in.
type Caller struct {
	// Owner reports whether the caller is a server or this process. Rules do not apply to it.
	Owner bool
	// Auth is the signed-in user, nil when nobody is signed in.
	Auth *rules.Auth
	// Err says why the credentials are invalid. It matters only where there are rules.
	Err error
}

// UID returns the signed-in user's id, "" when nobody is signed in.
func (c Caller) UID() string {
	if c.Auth == nil {
		return ""
	}
	return c.Auth.UID
}
