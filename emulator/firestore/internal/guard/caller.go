package guard

import (
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/rules"
)

// Caller is who makes a request. The zero Caller is somebody who is not signed in.
type Caller struct {
	// Owner is a server, or whoever owns the process: rules do not judge it.
	Owner bool

	auth *rules.Auth // nil when nobody is signed in
	bad  error       // what is wrong with the credentials; it matters only where there are rules
}

// CallerOf reads an Authorization header, "" for none. "Bearer owner" is a server. Any other token must be an ID token
// without a signature, as the local Authentication and test libraries make them. It never expires: the latter say that
// theirs did in 1970.
func CallerOf(authorization string) Caller {
	if authorization == "" {
		return Caller{}
	}
	scheme, raw, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Caller{bad: unauthenticated("the Authorization header must be Bearer and a token")}
	}
	if raw == "owner" {
		return Caller{Owner: true}
	}
	claims := rules.Claims{}
	algorithm, err := token.Decode(raw, (*map[string]any)(&claims))
	if err != nil {
		return Caller{bad: unauthenticated(err.Error())}
	}
	if algorithm != token.None {
		return Caller{bad: unauthenticated("the emulator takes only tokens without a signature, whose algorithm is \"none\", not " + algorithm)}
	}
	uid, _ := claims["sub"].(string)
	if uid == "" {
		uid, _ = claims["user_id"].(string)
	}
	if uid == "" {
		return Caller{bad: unauthenticated("the token says neither sub nor user_id")}
	}
	return Caller{auth: &rules.Auth{UID: uid, Token: claims}}
}

func unauthenticated(why string) error {
	return status.Error(codes.Unauthenticated, "Request had invalid authentication credentials: "+why+".")
}

// UID is who is signed in, "" for nobody.
func (c Caller) UID() string {
	if c.auth == nil {
		return ""
	}
	return c.auth.UID
}

// maxCallers is how many callers are remembered: reading a token takes longer than judging a request.
const maxCallers = 1000

// Callers reads Authorization headers and remembers them. It is safe for concurrent use.
type Callers struct {
	mu    sync.RWMutex
	known map[string]Caller
}

// Of is [CallerOf].
func (c *Callers) Of(authorization string) Caller {
	if authorization == "" || authorization == "Bearer owner" {
		return CallerOf(authorization)
	}
	c.mu.RLock()
	who, ok := c.known[authorization]
	c.mu.RUnlock()
	if ok {
		return who
	}
	who = CallerOf(authorization)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxCallers {
		c.known = map[string]Caller{}
	}
	c.known[authorization] = who
	return who
}
