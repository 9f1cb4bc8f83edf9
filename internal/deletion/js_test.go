package deletion_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/loginthrottle"
)

// TestJavaScript deletes a timetable and an account as web pages do, in Node, with an old and a new
// version of Firebase's JavaScript SDK.
func TestJavaScript(t *testing.T) {
	sdktest.SDKs(t)
	for _, version := range sdktest.Versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for name, pattern := range map[string]string{timetableDeleted: "users/{uid}/timetables/{timetable}", userDeleted: "users/{uid}"} {
				url := w.function(t, name, functionOf(w.service(t), name))
				must(t, w.Triggers.Register(triggers.Trigger{Name: name, Event: triggers.Deleted, Document: pattern, URL: url, Retry: true,
					ServiceAccount: eventarc, Audience: url}))
			}
			passwords, err := identitytoolkit.New("any-key", w.AuthAddress(), &http.Client{Timeout: time.Minute})
			must(t, err)
			s, err := auth.New(auth.Config{Firestore: w.fs, Accounts: w.accounts, Passwords: passwords, Limits: loginthrottle.DefaultLimits(),
				Log: logging.New(w.log, w.Project), Now: w.Clock.Now, Rounds: 1000})
			must(t, err)
			srv := httptest.NewServer(&auth.Handler{Service: s, Deletion: w.service(t), Origins: []string{"https://heektime.heek.kr"}})
			t.Cleanup(srv.Close)
			sdktest.RunNode(t, version, "jstest/deleting.test.mjs", "SERVICE_URL="+srv.URL, "AUTH_URL=http://"+w.AuthAddress(),
				"FIRESTORE="+w.FirestoreAddress(), "AUTH_PROJECT="+w.Project, "PASSWORD=password of the web")
		})
	}
}
