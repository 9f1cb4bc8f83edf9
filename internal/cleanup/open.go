package cleanup

import (
	"context"
	"log/slog"
	"math"

	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// Open builds the service from its environment, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	check := oidcauth.FromEnvironment(env)
	check.Now = server.Now(ctx)
	bucket := env.Required("LECTURES_BUCKET", "the bucket of the course lists")
	operations := env.OptionalInt("SWEEP_OPERATIONS", sweeper.DefaultOperations, 0, math.MaxInt32)
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, storage, accounts := clients.Firestore(ctx), gcp.OpenStorage(ctx, clients), clients.Authentication(ctx, "")
	if err := clients.Err(); err != nil {
		return nil, err
	}
	d, err := deletion.New(deletion.Config{Firestore: firestore, Accounts: accounts, Log: log, Now: server.Now(ctx)})
	if err != nil {
		return nil, err
	}
	s, err := sweeper.New(sweeper.Config{
		Firestore: firestore, Accounts: accounts, Bucket: storage.Bucket(bucket), Deletion: d, Log: log, Operations: operations, Now: server.Now(ctx),
	})
	if err != nil {
		return nil, err
	}
	handler := Handler(Config{Firestore: firestore, Deletion: d, Sweeper: s, Callers: callers, Log: log, Now: server.Now(ctx)})
	return &server.Service{Handler: handler, RetryOn503: true, Close: clients.Close}, nil
}
