package guard

import (
	"strings"

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
