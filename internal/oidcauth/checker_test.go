package oidcauth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/internal/oidcauth"
)

const (
	audience = "https://refresh.test"
	tasks    = "heektime-tasks@demo-test.iam.gserviceaccount.com"
	stranger = "stranger@demo-test.iam.gserviceaccount.com"
)

// identityServer signs tokens as Google does, and serves their keys.
func identityServer(t *testing.T, now *clock.Clock) (*identity.Identity, *httptest.Server) {
	t.Helper()
	id, err := identity.New(identity.Config{Clock: now, Project: "demo-test", ServiceAccount: tasks})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(id.Handler())
	t.Cleanup(srv.Close)
	return id, srv
}

func TestCheck(t *testing.T) {
	id, srv := identityServer(t, clock.New())
	checker, err := oidcauth.NewChecker(oidcauth.Config{Audience: audience, Allowed: []string{tasks}, CertsURL: srv.URL + identity.CertsPath})
	if err != nil {
		t.Fatal(err)
	}
	sign := func(email, audience string) string {
		token, err := id.IDToken(context.Background(), email, audience)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := sign(tasks, audience)
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	for _, c := range []struct {
		name, header string
		want         error
	}{
		{"valid", "Bearer " + good, nil},
		{"no token", "", oidcauth.ErrUnauthenticated},
		{"no scheme", good, oidcauth.ErrUnauthenticated},
		{"the emulators' owner token", "Bearer owner", oidcauth.ErrUnauthenticated},
		{"garbage", "Bearer a.b.c", oidcauth.ErrUnauthenticated},
		{"other audience", "Bearer " + sign(tasks, "https://other.test"), oidcauth.ErrUnauthenticated},
		{"unsigned", "Bearer " + none + "." + parts[1] + ".", oidcauth.ErrUnauthenticated},
		{"signature of another token", "Bearer " + parts[0] + "." + strings.Split(sign(stranger, audience), ".")[1] + "." + parts[2], oidcauth.ErrUnauthenticated},
		{"signed with another key", "Bearer " + forged(t, "https://accounts.google.com"), oidcauth.ErrUnauthenticated},
		{"other issuer", "Bearer " + forged(t, "https://securetoken.google.com/demo-test"), oidcauth.ErrUnauthenticated},
		{"other account", "Bearer " + sign(stranger, audience), oidcauth.ErrForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			email, err := checker.Check(context.Background(), authorization(c.header))
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if c.want == nil && email != tasks {
				t.Errorf("caller %q, want %q", email, tasks)
			}
		})
	}
}

func authorization(value string) http.Header { return http.Header{"Authorization": {value}} }

// forged returns a token with valid claims, signed with a key that is not Google's.
func forged(t *testing.T, issuer string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": issuer, "aud": audience, "email": tasks, "email_verified": true, "sub": "1",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestNewCheckerRejectsAnIncompleteConfig(t *testing.T) {
	for _, cfg := range []oidcauth.Config{{Allowed: []string{tasks}}, {Audience: audience}} {
		if _, err := oidcauth.NewChecker(cfg); err == nil {
			t.Errorf("NewChecker(%+v) succeeded", cfg)
		}
	}
}

// A service gets its token from the metadata server; the service that it calls accepts it.
func TestTokenSource(t *testing.T) {
	_, srv := identityServer(t, clock.New())
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(srv.URL, "http://"))
	source, err := oidcauth.NewTokenSource(audience, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := source.Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	checker, err := oidcauth.NewChecker(oidcauth.Config{Audience: audience, Allowed: []string{tasks}, CertsURL: srv.URL + identity.CertsPath})
	if err != nil {
		t.Fatal(err)
	}
	if email, err := checker.Check(context.Background(), authorization("Bearer "+token)); err != nil || email != tasks {
		t.Errorf("caller %q, error %v", email, err)
	}
	srv.Close()
	if again, err := source.Token(context.Background()); err != nil || again != token {
		t.Errorf("a token that is valid for an hour was requested again: %v", err)
	}
}
