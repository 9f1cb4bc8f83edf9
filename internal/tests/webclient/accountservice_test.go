package webclient

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/loginthrottle"
)

// accountService is run/auth.
type accountService struct {
	*auth.Service
	passwords *identitytoolkit.Client
	deletion  *deletion.Service
}

// rounds is the work of a password check, low to keep the tests fast.
const rounds = 1000

// newAccountService starts run/auth behind the world's Hosting.
func newAccountService(t *testing.T, w *world) *accountService {
	t.Helper()
	accounts, log := authclient.New(t, w.Project, w.AuthAddress()), slog.New(slog.DiscardHandler)
	passwords, err := identitytoolkit.New("any-key", w.AuthAddress(), &http.Client{Timeout: hangTimeout})
	if err != nil {
		t.Fatal(err)
	}
	signIn, err := auth.New(auth.Config{
		Firestore: w.admin, Accounts: accounts, Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Log: log, Rounds: rounds,
	})
	if err != nil {
		t.Fatal(err)
	}
	deletions, err := deletion.New(deletion.Config{Firestore: w.admin, Accounts: accounts, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&auth.Handler{Service: signIn, Deletion: deletions, Origins: []string{"http://" + w.HostingAddress()}})
	t.Cleanup(server.Close)
	if err := w.Hosting[0].SetService("auth", server.URL); err != nil {
		t.Fatal(err)
	}
	return &accountService{signIn, passwords, deletions}
}

// The old student has an account of the old system, whose password only the service can check.
const (
	oldStudent  = "9c1f5f0e-6a0d-4f0b-8d43-2f6f0a5b7c11"
	oldID       = "haneul04"
	oldPassword = "old-heektime"
	oldUsername = "하늘하늘"
)

// seedOldStudent creates the old student, with a timetable of two lectures.
func (w *world) seedOldStudent(t *testing.T) {
	t.Helper()
	sum, err := pbkdf2.Key(sha256.New, oldPassword, []byte("salt"), rounds, sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	old := credential.Credential{Email: oldID + "@" + email.OldDomain, UID: oldStudent, Hash: fmt.Sprintf("pbkdf2:sha256:%d$salt$%x", rounds, sum)}
	if err := credential.Add(t.Context(), w.admin, old); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	w.put(t, "users/"+oldStudent, map[string]any{"username": oldUsername, "createdAt": now, "updatedAt": now})
	w.put(t, "indices/user/usernames/"+oldUsername, map[string]any{"value": oldStudent})
	w.putTimetable(t, "users/"+oldStudent+"/timetables/0123456789abcdef0123456789abcdef", "예전 시간표", 80, 141) // 선형대수학, 글쓰기
}
