package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/server"
	"heek.kr/heektime/internal/werkzeug"
)

// Open builds the service from its environment:
//
//	GOOGLE_CLOUD_PROJECT  project of the database and of Authentication
//	FIREBASE_API_KEY      web API key, which passwords are checked with; restricted to the Identity Toolkit API at most
//	ALLOWED_ORIGINS       web pages that may call, "https://host", separated by commas; none when empty
//	SERVICE_ACCOUNT       service account that signs tokens; asked of the metadata server when empty
//	FORWARDED_HOPS        proxies in front that append to X-Forwarded-For; 1, Cloud Run's own, when empty
//	PASSWORD_ROUNDS       work of a refused login in rounds of PBKDF2 with SHA-256: that of the dearest old hash; 260000 when empty
//
// The official clients read FIRESTORE_EMULATOR_HOST and FIREBASE_AUTH_EMULATOR_HOST from the process's own environment, and so
// does this, or a password could be checked by one cloud and moved to another.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
	project := env.Required("GOOGLE_CLOUD_PROJECT", "the project of the database and of Authentication")
	key := env.Required("FIREBASE_API_KEY", "the web API key that passwords are checked with")
	origins := env.OptionalList("ALLOWED_ORIGINS")
	hops := env.OptionalInt("FORWARDED_HOPS", 1, 0, 8)
	rounds := env.OptionalInt("PASSWORD_ROUNDS", werkzeug.DefaultRounds, 1, werkzeug.MaxRounds)
	if err := errors.Join(env.Err(), checkOrigins(origins)); err != nil {
		return nil, err
	}
	fs, err := gcp.Firestore(ctx, project)
	if err != nil {
		return nil, err
	}
	accounts, passwords, err := Authentication(ctx, project, key, env.Optional("SERVICE_ACCOUNT", ""))
	if err != nil {
		return nil, errors.Join(err, fs.Close())
	}
	s, err := New(Dependencies{
		Firestore: fs, Accounts: accounts, Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Log: log, Rounds: rounds,
	})
	if err != nil {
		return nil, errors.Join(err, fs.Close())
	}
	d, err := deletion.New(deletion.Dependencies{Firestore: fs, Accounts: accounts, Log: log})
	if err != nil {
		return nil, errors.Join(err, fs.Close())
	}
	return &server.Service{Handler: &Handler{Service: s, Deletion: d, Origins: origins, Hops: hops}, Close: fs.Close}, nil
}

// signInTime bounds one question to Authentication, which takes some hundred milliseconds.
const signInTime = 8 * time.Second

// Authentication opens the two clients of a project's Firebase Authentication. account signs tokens; see [Open].
// FIREBASE_AUTH_EMULATOR_HOST is heeded.
func Authentication(ctx context.Context, project, key, account string) (*firebaseauth.Client, *identitytoolkit.Client, error) {
	accounts, err := gcp.Authentication(ctx, project, account)
	if err != nil {
		return nil, nil, err
	}
	client := &http.Client{Timeout: signInTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	passwords, err := identitytoolkit.New(key, os.Getenv("FIREBASE_AUTH_EMULATOR_HOST"), client)
	if err != nil {
		return nil, nil, err
	}
	return accounts, passwords, nil
}

// checkOrigins refuses what no browser sends, such as a slash at the end, and "*".
func checkOrigins(origins []string) error {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("environment variable ALLOWED_ORIGINS has %q, want web pages as https://host", origin)
		}
	}
	return nil
}
