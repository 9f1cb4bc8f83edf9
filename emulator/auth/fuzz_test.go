package auth_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/auth"
	"heek.kr/heektime/emulator/clock"
)

// FuzzRequests sends arbitrary bodies to arbitrary paths: every response is JSON, and none is an
// internal error.
func FuzzRequests(f *testing.F) {
	s, err := auth.New(auth.Config{Clock: clock.New(), Project: project, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	for path, body := range map[string]string{
		"accounts:signUp":                `{"email":"a@example.com","password":"password"}`,
		"accounts:signInWithPassword":    `{"email":"a@example.com","password":"password"}`,
		"accounts:signInWithCustomToken": `{"token":"` + custom(0, `"uid":"u","claims":{"a":1}`) + `"}`,
		"accounts:lookup":                `{"idToken":"` + jwt(unsigned, `{"aud":"demo-test","iss":"https://securetoken.google.com/demo-test","user_id":"u"}`) + `"}`,
		"accounts:update":                `{"idToken":"a.b.c","delete_attribute":["EMAIL"],"validSince":"1"}`,
		"accounts:sendOobCode":           `{"requestType":"PASSWORD_RESET","email":"a@example.com","continueUrl":"http://x/"}`,
		"accounts:signInWithIdp":         `{"requestUri":"http://localhost#a=b","postBody":"providerId=google.com&id_token={\"sub\":\"1\"}"}`,
		"projects/p/accounts:batchCreate": `{"hashAlgorithm":"STANDARD_SCRYPT","cpuMemCost":2,"blockSize":1,"parallelization":1,"dkLen":8,
			"users":[{"localId":"u","passwordHash":"aGFzaA==","salt":"c2FsdA","customAttributes":"{}","createdAt":1,"providerUserInfo":[{"providerId":"google.com","rawId":"1"}]}]}`,
		"projects/p/accounts:query": `{"limit":"5","sortBy":"NAME","expression":[{"email":"a"}]}`,
		"projects/p/accounts":       `{"localId":"u","phoneNumber":"+821"}`,
	} {
		f.Add(path, body)
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		req, err := http.NewRequest("POST", "http://localhost/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path = toolkit + path
		req.URL.RawQuery = "key=k"
		if strings.HasPrefix(path, "projects/") {
			req.Header.Set("Authorization", "Bearer owner")
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// BenchmarkSignIn signs in with a password over HTTP, with a data directory.
func BenchmarkSignIn(b *testing.B) {
	s := start(b, func(c *auth.Config) { c.DataDir = b.TempDir(); c.Logger = slog.New(slog.DiscardHandler) })
	s.client(b, "signUp", object{"email": "a@example.com", "password": "password"})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.client(b, "signInWithPassword", object{"email": "a@example.com", "password": "password"})
		}
	})
}
