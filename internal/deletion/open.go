package deletion

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// Names of the functions, their entry points: gcloud takes only letters, digits and _ for one.
const (
	TimetableDeleted = "TimetableDeleted"
	UserDeleted      = "UserDeleted"
)

// Functions are the functions by name, ready to answer, and what closes their clients. They are built from the environment:
//
//	GOOGLE_CLOUD_PROJECT  project of the database and of Authentication
//	OIDC_AUDIENCE, ALLOWED_CALLERS, CALLERS_CHECKED_BY_IAM, OIDC_CERTS_URL: see caller.FromEnvironment
//
// The official clients read FIRESTORE_EMULATOR_HOST and FIREBASE_AUTH_EMULATOR_HOST from the process's own environment.
func Functions(ctx context.Context, env *environment.Variables, log *slog.Logger) (functions map[string]http.Handler, closeAll func() error, err error) {
	project := env.Required("GOOGLE_CLOUD_PROJECT", "the project of the database and of Authentication")
	check := oidcauth.FromEnvironment(env)
	if err := env.Err(); err != nil {
		return nil, nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, nil, err
	}
	s, closeAll, err := Open(ctx, project, log)
	if err != nil {
		return nil, nil, err
	}
	functions = map[string]http.Handler{}
	for name, handle := range map[string]cloudevent.Handle{TimetableDeleted: s.TimetableDeleted, UserDeleted: s.UserDeleted} {
		functions[name] = &cloudevent.Handler{Name: name, Project: project, Callers: callers, Handle: handle, Log: log, Now: time.Now}
	}
	return functions, closeAll, nil
}

// OpenFunctions is a service that serves every function under its name, for who runs all of them in one process.
func OpenFunctions(ctx context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
	functions, closeAll, err := Functions(ctx, env, log)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for name, f := range functions {
		mux.Handle("POST /"+name, f)
	}
	return &server.Service{Handler: mux, Close: closeAll}, nil
}

// Open opens the service with clients of its own. It does not call out.
func Open(ctx context.Context, project string, log *slog.Logger) (*Service, func() error, error) {
	fs, err := gcp.Firestore(ctx, project)
	if err != nil {
		return nil, nil, err
	}
	accounts, err := gcp.Authentication(ctx, project, "")
	if err != nil {
		return nil, nil, errors.Join(err, fs.Close())
	}
	s, err := New(Dependencies{Firestore: fs, Accounts: accounts, Log: log})
	if err != nil {
		return nil, nil, errors.Join(err, fs.Close())
	}
	return s, fs.Close, nil
}
