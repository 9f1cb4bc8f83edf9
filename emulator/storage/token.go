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

// tokensKey is where the real service keeps an object's download tokens, with commas between, in the metadata that server
// clients see. They may set it, too.
const tokensKey = "firebaseStorageDownloadTokens"

// hasToken tells whether token is one of the object's.
func hasToken(o objects.Object, token string) bool {
	for t := range strings.SplitSeq(o.Custom[tokensKey], ",") {
		if t != "" && subtle.ConstantTimeCompare([]byte(t), []byte(token)) == 1 {
			return true
		}
	}
	return false
}

// withoutTokens is an object's own metadata as Firebase's clients and rules know it.
func withoutTokens(custom map[string]string) map[string]string {
	if _, ok := custom[tokensKey]; !ok {
		return custom
	}
	custom = maps.Clone(custom)
	delete(custom, tokensKey)
	return custom
}

// setTokens replaces whatever a client said about tokens.
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

// addToken gives an object that has none its first download token, as the service does when a client first asks.
func (s *Server) addToken(o objects.Object) (objects.Object, error) {
	return s.store.Update(objects.Ref{Bucket: o.Bucket, Name: o.Name, Generation: o.Generation}, objects.Conditions{}, func(m *objects.Metadata) error {
		if m.Custom[tokensKey] == "" { // nobody else was faster
			setTokens(m, uuid.NewString())
		}
		return nil
	})
}

// createToken adds a token to the object's, for servers.
func (s *Server) createToken(c call) error {
	return s.changeTokens(c, func(tokens []string) []string { return append(tokens, uuid.NewString()) })
}

// deleteToken revokes a token, for servers. An object is never left without one.
func (s *Server) deleteToken(c call, token string) error {
	return s.changeTokens(c, func(tokens []string) []string {
		tokens = slices.DeleteFunc(tokens, func(t string) bool { return t == token })
		if len(tokens) == 0 {
			tokens = append(tokens, uuid.NewString())
		}
		return tokens
	})
}

func (s *Server) changeTokens(c call, change func([]string) []string) error {
	if !s.guard.callers.Authenticate(c.Header.Get("Authorization")).Owner {
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
	return c.answerFirebase(o)
}
