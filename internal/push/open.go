package push

import (
	"context"
	"log/slog"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/server"
)

// Open builds the service from its environment variables, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	check := oidcauth.FromEnvironment(env)
	check.Now = server.Now(ctx)
	bucket := env.Required("LECTURES_BUCKET", "the bucket of the course lists")
	queue := pushtask.QueueFromEnvironment(env, pushtask.SendQueueVariable)
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, messaging := clients.Firestore(ctx), clients.Messaging(ctx)
	lists := liststore.Open(ctx, clients, bucket)
	queue.Client = clients.Tasks(ctx)
	if err := clients.Err(); err != nil {
		return nil, err
	}
	s, err := New(Config{Firestore: firestore, Messaging: messaging, Lists: lists, Queue: queue, Log: log, Now: server.Now(ctx)})
	if err != nil {
		return nil, err
	}
	return &server.Service{Handler: s.Handler(callers), Close: clients.Close}, nil
}
