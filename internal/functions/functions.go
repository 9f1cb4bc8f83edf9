// Package functions is the service that Eventarc calls when a Firestore document is deleted or written. Each
// function has a path of its own:
//
//	POST /timetable-deleted  users/{uid}/timetables/{timetable}: removes the lectures
//	POST /user-deleted       users/{uid}: purges the account
//	POST /lecture-written    users/{uid}/timetables/{timetable}/lectures/{lecture}: topics of the user's devices
//	POST /subscription-deleted  users/{uid}/subscriptions/{subscription}: topics of a forgotten device
//
//	POST /follow-written     users/{uid}/follows/{other}: a task that counts the followers
//
// Cloud Tasks calls POST /count-followers for it. internal/deployment/triggers.go lists the events that trigger each path.
// internal/cloudevent decodes them, internal/deletion deletes, topics.go adds tasks for the push service, and package
// followers counts. docs/deleting.md, docs/push.md and docs/shared-pages.md explain them.
package functions

import (
	"context"
	"log/slog"
	"net/http"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/functions/followers"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/server"
)

// function handles the events of one type.
type function struct {
	event  string
	handle cloudevent.Handle
}

// handlers returns the functions by path.
func handlers(d *deletion.Service, t *topics, f *followers.Service) map[string]function {
	return map[string]function{
		"/timetable-deleted":    {cloudevent.Deleted, d.TimetableDeleted},
		"/user-deleted":         {cloudevent.Deleted, d.UserDeleted},
		"/lecture-written":      {cloudevent.Written, t.LectureWritten},
		"/subscription-deleted": {cloudevent.Deleted, t.SubscriptionDeleted},
		"/follow-written":       {cloudevent.Written, f.FollowWritten},
	}
}

// Open builds the service from its environment, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	check := oidcauth.FromEnvironment(env)
	check.Now = server.Now(ctx)
	queue := pushtask.QueueFromEnvironment(env, pushtask.TopicsQueueVariable)
	counts := followers.QueueFromEnvironment(env)
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, accounts := clients.Firestore(ctx), clients.Authentication(ctx, "")
	queue.Client = clients.Tasks(ctx)
	counts.Client = queue.Client
	if err := clients.Err(); err != nil {
		return nil, err
	}
	d, err := deletion.New(deletion.Config{Firestore: firestore, Accounts: accounts, Log: log, Now: server.Now(ctx)})
	if err != nil {
		return nil, err
	}
	f, err := followers.New(followers.Config{Firestore: firestore, Queue: counts, Log: log, Now: server.Now(ctx)})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	t := &topics{firestore: firestore, queue: queue, log: log, now: server.Now(ctx)}
	for path, function := range handlers(d, t, f) {
		mux.Handle("POST "+path, &cloudevent.Handler{
			Name: path[1:], Project: project, Database: database, Callers: callers, Type: function.event, Handle: function.handle, Log: log, Now: server.Now(ctx),
		})
	}
	mux.Handle("POST "+followers.Path, f.Handler(callers))
	return &server.Service{Handler: mux, Close: clients.Close}, nil
}
