package subscriptions

import (
	"context"
	"log/slog"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/server"
)

// Open builds the service from its environment variables, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	queue := pushtask.QueueFromEnvironment(env, pushtask.TopicsQueueVariable)
	if err := env.Err(); err != nil {
		return nil, err
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, accounts := clients.Firestore(ctx), clients.Authentication(ctx, "")
	queue.Client = clients.Tasks(ctx)
	if err := clients.Err(); err != nil {
		return nil, err
	}
	s, err := New(Config{Firestore: firestore, Accounts: accounts, Queue: queue, Log: log, Now: server.Now(ctx)})
	if err != nil {
		return nil, err
	}
	return &server.Service{Handler: s.Handler(), Close: clients.Close}, nil
}
