// Package emulatorauth tells who calls an emulator whose clients are judged by security rules.
package emulatorauth

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/rules"
)

// Caller is who makes a request. The zero Caller is somebody who is not signed in.
type Caller struct {
	// Owner is a server, or whoever owns the process: rules do not judge it.
	Owner bool
	// Auth is who is signed in, nil for nobody.
	Auth *rules.Auth
	// Err is what is wrong with the credentials; it matters only where there are rules.
	Err error
}

// UID is who is signed in, "" for nobody.
func (c Caller) UID() string {
	if c.Auth == nil {
		return ""
	}
	return c.Auth.UID
}

// owner is the token of servers. Source: wire traffic of the SDKs, versions 9 and 12.
const owner = "owner"

// of reads an Authorization header, "" for none.
func of(authorization string, schemes []string) Caller {
	if authorization == "" {
		return Caller{}
	}
	scheme, raw, _ := strings.Cut(authorization, " ")
	known := false
	for _, s := range schemes {
		known = known || strings.EqualFold(scheme, s)
	}
	if !known {
		return Caller{Err: fmt.Errorf("the Authorization header must be %s and a token", strings.Join(schemes, " or "))}
	}
	if raw == owner {
		return Caller{Owner: true}
	}
	claims := rules.Claims{}
	algorithm, err := token.Decode(raw, (*map[string]any)(&claims))
	if err != nil {
		return Caller{Err: err}
	}
	if algorithm != token.None {
		return Caller{Err: errors.New("the emulator takes only tokens without a signature, whose algorithm is \"none\", not " + algorithm)}
	}
	uid, _ := claims["sub"].(string)
	if uid == "" {
		uid, _ = claims["user_id"].(string)
	}
	if uid == "" {
		return Caller{Err: errors.New("the token says neither sub nor user_id")}
	}
	return Caller{Auth: &rules.Auth{UID: uid, Token: claims}}
}

// maxCallers is how many callers are remembered: reading a token takes longer than judging a request.
const maxCallers = 1000

// maxHeaderBytes is how long a header is remembered; a token with the 1,000 bytes of claims that Firebase allows is shorter.
const maxHeaderBytes = 8 << 10

// Callers reads Authorization headers and remembers them. It is safe for concurrent use.
type Callers struct {
	// Schemes that tokens come with; Bearer when nil.
	Schemes []string

	mu    sync.RWMutex
	known map[string]Caller
}

// Of reads an Authorization header, "" for none. The token "owner" is a server's. Any other must be an ID token without a
// signature, as the local Authentication and test libraries make them. It never expires: the latter say that theirs did in
// 1970.
func (c *Callers) Of(authorization string) Caller {
	schemes := c.Schemes
	if schemes == nil {
		schemes = []string{"Bearer"}
	}
	if len(authorization) < 20 || len(authorization) > maxHeaderBytes { // "", "Bearer owner", or not worth its place
		return of(authorization, schemes)
	}
	c.mu.RLock()
	who, ok := c.known[authorization]
	c.mu.RUnlock()
	if ok {
		return who
	}
	who = of(authorization, schemes)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxCallers {
		c.known = map[string]Caller{}
	}
	c.known[authorization] = who
	return who
}
