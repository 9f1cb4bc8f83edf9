package storage

import (
	"crypto/subtle"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"heek.kr/heektime/emulator/internal/objects"
)

// tokensKey is the custom metadata key under which production stores an object's download tokens,
// comma-separated. Server clients can read and set it.
const tokensKey = "firebaseStorageDownloadTokens"

// hasToken reports whether token is one of the object's download tokens.
func hasToken(o objects.Object, token string) bool {
	for t := range strings.SplitSeq(o.Custom[tokensKey], ",") {
		if t != "" && subtle.ConstantTimeCompare([]byte(t), []byte(token)) == 1 {
			return true
		}
	}
	return false
}

// withoutTokens returns an object's custom metadata as Firebase clients and rules see it.
func withoutTokens(custom map[string]string) map[string]string {
	if _, ok := custom[tokensKey]; !ok {
		return custom
	}
	custom = maps.Clone(custom)
	delete(custom, tokensKey)
	return custom
}

// setTokens replaces the download tokens.
func setTokens(m *objects.Metadata, tokens string) {
	if tokens == "" {
		delete(m.Custom, tokensKey)
		return
	}
	if m.Custom == nil {
		m.Custom = map[string]string{}
	}
	m.Custom[tokensKey] = tokens
}

// addToken gives an object without a download token its first one, as production does when a client
// first reads the metadata.
func (s *Server) addToken(o objects.Object) (objects.Object, error) {
	return s.store.Update(objects.Ref{Bucket: o.Bucket, Name: o.Name, Generation: o.Generation}, objects.Conditions{}, func(m *objects.Metadata) error {
		if m.Custom[tokensKey] == "" { // a concurrent request may have added one
			setTokens(m, uuid.NewString())
		}
		return nil
	})
}

// createToken adds a download token. Only servers may call it.
func (s *Server) createToken(c call) error {
	return s.changeTokens(c, func(tokens []string) []string { return append(tokens, uuid.NewString()) })
}

// deleteToken revokes a download token; if it was the last, it creates a new one. Only servers may
// call it.
func (s *Server) deleteToken(c call, token string) error {
	return s.changeTokens(c, func(tokens []string) []string {
		tokens = slices.DeleteFunc(tokens, func(t string) bool { return t == token })
		if len(tokens) == 0 {
			tokens = append(tokens, uuid.NewString())
		}
		return tokens
	})
}

// changeTokens replaces an object's download tokens if the caller is a server.
func (s *Server) changeTokens(c call, change func([]string) []string) error {
	if !s.guard.authenticator.Authenticate(c.Header.Get("Authorization")).Owner {
		return &httpError{http.StatusForbidden, "forbidden", "Missing admin credentials."}
	}
	o, err := s.store.Update(objects.Ref{Bucket: c.names[0], Name: c.names[1]}, objects.Conditions{}, func(m *objects.Metadata) error {
		var tokens []string
		if text := m.Custom[tokensKey]; text != "" {
			tokens = strings.Split(text, ",")
		}
		setTokens(m, strings.Join(change(tokens), ","))
		return nil
	})
	if err != nil {
		return err
	}
	return c.writeFirebaseObject(o)
}
