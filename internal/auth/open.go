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

	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/server"
	"heek.kr/heektime/internal/werkzeug"
)

// Open creates the service from its environment variables, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	key := env.Required("FIREBASE_API_KEY", "the web API key for verifying passwords")
	origins := env.OptionalList("ALLOWED_ORIGINS")
	account := env.Optional("SERVICE_ACCOUNT", "")
	trusted := env.OptionalList("TRUSTED_PROXIES", FirebaseHosting)
	rounds := env.OptionalInt("PASSWORD_ROUNDS", werkzeug.DefaultRounds, 1, werkzeug.MaxRounds)
	proxies, err := ParseProxies(trusted)
	if err := errors.Join(env.Err(), err, checkOrigins(origins)); err != nil {
		return nil, err
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, accounts := clients.Firestore(ctx), clients.Authentication(ctx, account)
	if err := clients.Err(); err != nil {
		return nil, err
	}
	passwords, err := Passwords(key)
	if err != nil {
		return nil, err
	}
	s, err := New(Config{
		Firestore: firestore, Accounts: accounts, Passwords: passwords,
		Limits: loginthrottle.DefaultLimits(), Log: log, Rounds: rounds, Now: server.Now(ctx),
	})
	if err != nil {
		return nil, err
	}
	d, err := deletion.New(deletion.Config{Firestore: firestore, Accounts: accounts, Log: log, Now: server.Now(ctx)})
	if err != nil {
		return nil, err
	}
	handler := &Handler{Service: s, Deletion: d, Origins: origins, Proxies: proxies}
	return &server.Service{Handler: handler, Close: clients.Close}, nil
}

// signInTimeout limits one call to Authentication, which usually takes a few hundred milliseconds.
const signInTimeout = 8 * time.Second

// Passwords creates the client that verifies passwords with Firebase Authentication. Like the Admin
// SDK, it reads FIREBASE_AUTH_EMULATOR_HOST from the process's environment. Otherwise passwords could
// be verified in one cloud and accounts created in another.
func Passwords(key string) (*identitytoolkit.Client, error) {
	client := &http.Client{
		Timeout:       signInTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return identitytoolkit.New(key, os.Getenv("FIREBASE_AUTH_EMULATOR_HOST"), client)
}

// checkOrigins rejects values that no browser sends as an origin, such as "*" or one with a trailing
// slash.
func checkOrigins(origins []string) error {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("environment variable ALLOWED_ORIGINS contains %q; want origins like https://host", origin)
		}
	}
	return nil
}
