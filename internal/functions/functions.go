// Package functions is the service that Eventarc calls when a Firestore document is deleted. Each
// function has a path of its own:
//
//	POST /timetable-deleted  users/{uid}/timetables/{timetable}: removes the lectures
//	POST /user-deleted       users/{uid}: purges the account
//
// internal/deployment/triggers.go lists the events that trigger each path. internal/cloudevent decodes
// them and internal/deletion does the work. docs/deleting.md explains both.
package functions

import (
	"context"
	"log/slog"
	"net/http"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// handlers returns the functions by path.
func handlers(d *deletion.Service) map[string]cloudevent.Handle {
	return map[string]cloudevent.Handle{
		"/timetable-deleted": d.TimetableDeleted,
		"/user-deleted":      d.UserDeleted,
	}
}

// Open builds the service from its environment, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	check := oidcauth.FromEnvironment(env)
	check.Now = server.Now(ctx)
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
	if err := clients.Err(); err != nil {
		return nil, err
	}
	d, err := deletion.New(deletion.Config{Firestore: firestore, Accounts: accounts, Log: log, Now: server.Now(ctx)})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for path, handle := range handlers(d) {
		mux.Handle("POST "+path, &cloudevent.Handler{
			Name: path[1:], Project: project, Database: database, Callers: callers, Handle: handle, Log: log, Now: server.Now(ctx),
		})
	}
	return &server.Service{Handler: mux, Close: clients.Close}, nil
}
