package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/compat-server/account"
	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/compat-server/courselist"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/server"
	"heek.kr/heektime/internal/werkzeug"
)

// Open builds the service from its environment:
//
//	GOOGLE_CLOUD_PROJECT  project of the database and of Authentication
//	FIREBASE_API_KEY      web API key, which passwords are checked with
//	TOKEN_KEY             key that tokens are signed with, Base64 of 32 bytes: openssl rand -base64 32
//	TOKEN_KEY_OLD         the key before it, whose tokens are still taken; none when empty
//	PUBLIC_URL            where clients reach the service, https://host
//	END_DATE              the day on which it is planned to end, YYYY-MM-DD, as every answer says
//	FORWARDED_HOPS        proxies in front that append to X-Forwarded-For; 1, Cloud Run's own, when empty
//	CALLS_PER_USER        calls a second of one signed-in user; 10 when empty
//	CALLS_PER_ADDRESS     calls a second of all who are not signed in at one network address; 50 when empty
//	PASSWORD_ROUNDS       work of a refused login, as for the auth service; 260000 when empty
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
	project := env.Required("GOOGLE_CLOUD_PROJECT", "the project of the database and of Authentication")
	apiKey := env.Required("FIREBASE_API_KEY", "the web API key that passwords are checked with")
	key := env.Required("TOKEN_KEY", "the key that tokens are signed with, openssl rand -base64 32")
	oldKey := env.Optional("TOKEN_KEY_OLD", "")
	settings := Settings{
		PublicURL: env.Required("PUBLIC_URL", "where clients reach this service, https://host"),
		Hops:      env.OptionalInt("FORWARDED_HOPS", 1, 0, 8),
		Limits: Limits{
			User:    PerSecond(env.OptionalInt("CALLS_PER_USER", 10, 1, 1_000_000)),
			Address: PerSecond(env.OptionalInt("CALLS_PER_ADDRESS", 50, 1, 1_000_000)),
		},
	}
	end := env.Required("END_DATE", "the day on which the legacy API is planned to end, YYYY-MM-DD")
	rounds := env.OptionalInt("PASSWORD_ROUNDS", werkzeug.DefaultRounds, 1, werkzeug.MaxRounds)
	if err := env.Err(); err != nil {
		return nil, err
	}
	var err error
	if settings.EndDate, err = time.Parse(time.DateOnly, end); err != nil {
		return nil, fmt.Errorf("environment variable END_DATE is %q, want a day as YYYY-MM-DD", end)
	}
	if err := settings.check(); err != nil {
		return nil, err
	}
	tokens, err := token.New(project, key, oldKey, time.Now)
	if err != nil {
		return nil, fmt.Errorf("TOKEN_KEY or TOKEN_KEY_OLD: %w", err)
	}
	fs, err := gcp.Firestore(ctx, project)
	if err != nil {
		return nil, err
	}
	st, err := gcp.Storage(ctx)
	if err != nil {
		return nil, errors.Join(err, fs.Close())
	}
	admin, passwords, err := auth.Authentication(ctx, project, apiKey, "")
	if err != nil {
		return nil, errors.Join(err, st.Close(), fs.Close())
	}
	s, err := Assemble(settings, Clients{Firestore: fs, Storage: st, Admin: admin}, auth.Dependencies{
		Firestore: fs, Accounts: admin, Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Rounds: rounds, Log: log, Now: time.Now,
	}, tokens)
	if err != nil {
		return nil, errors.Join(err, st.Close(), fs.Close())
	}
	return &server.Service{Handler: s, Close: func() error { return errors.Join(s.Close(), st.Close(), fs.Close()) }}, nil
}

// Clients of Google's that the API works with.
type Clients struct {
	Firestore *firestore.Client
	Storage   *storage.Client
	Admin     *firebaseauth.Client
}

// Assemble puts the API together. It takes clock and logger from what signs people in.
func Assemble(settings Settings, clients Clients, signIn auth.Dependencies, tokens *token.Signer) (*Server, error) {
	d := Dependencies{Settings: settings, Tokens: tokens, Log: signIn.Log, Now: signIn.Now}
	service, err := auth.New(signIn)
	if err != nil {
		return nil, err
	}
	if d.Accounts, err = account.New(account.Dependencies{
		Firestore: clients.Firestore, Auth: service, Admin: clients.Admin, Log: signIn.Log, Now: signIn.Now,
	}); err != nil {
		return nil, err
	}
	if d.Catalog, err = catalog.New(clients.Firestore, signIn.Now, signIn.Log); err != nil {
		return nil, err
	}
	if d.Timetables, err = timetable.New(clients.Firestore, signIn.Log); err != nil {
		return nil, err
	}
	if d.Lists, err = courselist.New(clients.Storage); err != nil {
		return nil, err
	}
	return New(d)
}
