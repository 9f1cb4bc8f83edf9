package emulatorauth

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/rules"
)

// ownerToken is the token that servers send. Source: wire traffic of the SDKs, versions 9 and 12.
const ownerToken = "owner"

// accessTokenPrefix begins an OAuth access token of Google, as a server sends that has real credentials. It is
// not verified: whoever reaches the emulator can say "owner" as well. In both, case does not matter, as in
// Google's emulator.
const accessTokenPrefix = "ya29."

func isServer(token string) bool {
	return strings.EqualFold(token, ownerToken) ||
		len(token) >= len(accessTokenPrefix) && strings.EqualFold(token[:len(accessTokenPrefix)], accessTokenPrefix)
}

// maxCached is the number of headers an Authenticator caches: decoding a token takes longer than
// evaluating the rules for a request.
const maxCached = 1000

// maxCachedBytes is the length of the longest header that is cached. A token with the 1,000 bytes
// of custom claims that Firebase allows is shorter.
const maxCachedBytes = 8 << 10

// Authenticator authenticates callers by their Authorization header and caches the results. It is
// safe for concurrent use.
type Authenticator struct {
	// Schemes are the accepted authentication schemes; nil means Bearer.
	Schemes []string
	// SignedTokens accepts ID tokens of real projects, without verifying their signatures.
	SignedTokens bool

	mu    sync.RWMutex
	cache map[string]Caller // by header
}

// Authenticate returns the caller that an Authorization header identifies; "" means no header.
// The token "owner" and OAuth access tokens identify a server. Any other token must be an unsigned ID token,
// as the emulated Authentication and Firebase's test libraries make them, or with SignedTokens a signed one.
// Expiry is ignored, because the test libraries make tokens that expired in 1970.
func (a *Authenticator) Authenticate(authorization string) Caller {
	schemes := a.Schemes
	if schemes == nil {
		schemes = []string{"Bearer"}
	}
	// A header this short is "" or "Bearer owner".
	if len(authorization) < 20 || len(authorization) > maxCachedBytes {
		return a.decode(authorization, schemes)
	}
	a.mu.RLock()
	who, ok := a.cache[authorization]
	a.mu.RUnlock()
	if ok {
		return who
	}
	who = a.decode(authorization, schemes)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cache == nil || len(a.cache) >= maxCached {
		a.cache = map[string]Caller{}
	}
	a.cache[authorization] = who
	return who
}

// decode returns the caller that an Authorization header identifies.
func (a *Authenticator) decode(authorization string, schemes []string) Caller {
	if authorization == "" {
		return Caller{}
	}
	scheme, raw, _ := strings.Cut(authorization, " ")
	accepted := false
	for _, s := range schemes {
		accepted = accepted || strings.EqualFold(scheme, s)
	}
	if !accepted {
		return Caller{Err: fmt.Errorf("the Authorization header must be %s and a token", strings.Join(schemes, " or "))}
	}
	if isServer(raw) {
		return Caller{Owner: true}
	}
	claims := rules.Claims{}
	algorithm, err := token.Decode(raw, (*map[string]any)(&claims))
	if err != nil {
		return Caller{Err: err}
	}
	if algorithm != token.None && !a.SignedTokens {
		return Caller{Err: fmt.Errorf("the emulator accepts only unsigned tokens, with algorithm \"none\", not %q", algorithm)}
	}
	uid, _ := claims["sub"].(string)
	if uid == "" {
		uid, _ = claims["user_id"].(string)
	}
	if uid == "" {
		return Caller{Err: errors.New("the token has neither a sub nor a user_id claim")}
	}
	return Caller{Auth: &rules.Auth{UID: uid, Token: claims}}
}
