package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/storage"

	"heek.kr/heektime/compat-server/account"
	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/compat-server/courselist"
	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/server"
	"heek.kr/heektime/internal/werkzeug"
)

// Open creates the service from its environment variables, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	apiKey := env.Required("FIREBASE_API_KEY", "the Firebase API key, used to verify passwords")
	key := env.Required("TOKEN_KEY", "the key that signs tokens, from: openssl rand -base64 32")
	oldKey := env.Optional("TOKEN_KEY_OLD", "")
	cfg := Config{
		PublicURL: env.Required("PUBLIC_URL", "the URL at which clients reach this service, https://host"),
		Limits: Limits{
			User:    PerSecond(env.OptionalInt("CALLS_PER_USER", 10, 1, 1_000_000)),
			Address: PerSecond(env.OptionalInt("CALLS_PER_ADDRESS", 50, 1, 1_000_000)),
		},
		Log: log, Now: server.Now(ctx),
	}
	trusted := env.OptionalList("TRUSTED_PROXIES", auth.FirebaseHosting)
	end := env.Required("END_DATE", "the day on which the legacy API ends, YYYY-MM-DD")
	rounds := env.OptionalInt("PASSWORD_ROUNDS", werkzeug.DefaultRounds, 1, werkzeug.MaxRounds)
	old := readOldServer(env)
	if err := env.Err(); err != nil {
		return nil, err
	}
	if cfg.Proxies, err = auth.ParseProxies(trusted); err != nil {
		return nil, err
	}
	if cfg.EndDate, err = time.Parse(time.DateOnly, end); err != nil {
		return nil, fmt.Errorf("environment variable END_DATE is %q, want a day as YYYY-MM-DD", end)
	}
	if err := cfg.checkSettings(); err != nil {
		return nil, err
	}
	if cfg.Tokens, err = token.New(project, key, oldKey, cfg.Now); err != nil {
		return nil, fmt.Errorf("environment variable TOKEN_KEY or TOKEN_KEY_OLD: %w", err)
	}
	if cfg.OldServer, err = old.open(); err != nil {
		return nil, err
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, storage, accounts := clients.Firestore(ctx), gcp.OpenStorage(ctx, clients), clients.Authentication(ctx, "")
	if err := clients.Err(); err != nil {
		return nil, err
	}
	passwords, err := auth.Passwords(apiKey)
	if err != nil {
		return nil, err
	}
	s, err := Assemble(cfg, storage, auth.Config{
		Firestore: firestore, Accounts: accounts, Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Rounds: rounds,
		Log: log, Now: server.Now(ctx),
	})
	if err != nil {
		return nil, err
	}
	return &server.Service{Handler: s, Close: func() error { return errors.Join(s.Close(), clients.Close()) }}, nil
}

// Assemble creates the remaining dependencies in cfg, which use the clients in signIn, and returns
// the server.
func Assemble(cfg Config, storage *storage.Client, signIn auth.Config) (*Server, error) {
	service, err := auth.New(signIn)
	if err != nil {
		return nil, err
	}
	if cfg.Accounts, err = account.New(account.Config{
		Firestore: signIn.Firestore, Auth: service, Admin: signIn.Accounts, Log: signIn.Log, Now: signIn.Now,
	}); err != nil {
		return nil, err
	}
	if cfg.Catalog, err = catalog.New(signIn.Firestore, signIn.Now, signIn.Log); err != nil {
		return nil, err
	}
	if cfg.Timetables, err = timetable.New(signIn.Firestore, signIn.Log); err != nil {
		return nil, err
	}
	if cfg.Lists, err = courselist.New(storage); err != nil {
		return nil, err
	}
	if cfg.OldServer != nil {
		cfg.OldServer.Views = state.NewViewer(state.NewStore(signIn.Firestore, signIn.Now), signIn.Log)
		cfg.OldServer.Held = holdtimes.NewRecorder(signIn.Firestore, signIn.Log)
		cfg.OldServer.Seen = func(ctx context.Context, at time.Time, version string) error {
			_, err := schema.MigrationClientsRef(signIn.Firestore).Set(ctx, schema.MigrationClients{SeenAt: at, Version: version}.Fields())
			return err
		}
	}
	return New(cfg)
}

// oldServerSettings are the settings of the old server, as they are in the environment.
type oldServerSettings struct {
	url, key string
	claims   token.OldServerClaims
}

func readOldServer(env *environment.Variables) oldServerSettings {
	return oldServerSettings{
		url: env.Optional("OLD_SERVER_URL", ""),
		key: env.Optional("OLD_TOKEN_KEY", ""),
		claims: token.OldServerClaims{
			Subject: env.Optional("OLD_TOKEN_SUBJECT_CLAIM", "sub"), Purpose: env.Optional("OLD_TOKEN_TYPE_CLAIM", "type"),
			AccessValue: env.Optional("OLD_TOKEN_ACCESS_TYPE", "access"), RefreshValue: env.Optional("OLD_TOKEN_REFRESH_TYPE", "refresh"),
		},
	}
}

// open returns the old server, nil if none is configured. Errors do not quote the key.
func (o oldServerSettings) open() (*OldServer, error) {
	if o.url == "" {
		return nil, nil
	}
	address, err := passthrough.ParseURL(o.url)
	if err != nil {
		return nil, fmt.Errorf("environment variable OLD_SERVER_URL: %w", err)
	}
	if o.key == "" {
		return nil, errors.New("environment variable OLD_TOKEN_KEY is not set: the key that the old server signs its tokens with")
	}
	tokens, err := token.NewOldServer(o.key, o.claims, time.Now)
	if err != nil {
		return nil, fmt.Errorf("environment variables OLD_TOKEN_*: %w", err)
	}
	return &OldServer{URL: address, Tokens: tokens}, nil
}
