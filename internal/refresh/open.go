package refresh

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/server"
)

// Open builds the service from its environment variables, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	check := oidcauth.FromEnvironment(env)
	check.Now = server.Now(ctx)
	bucket := env.Required("LECTURES_BUCKET", "the bucket of the course lists")
	schoolFile := env.Required("SCHOOLS_FILE", "the path of the school file")
	coursesURL := env.Required("COURSES_URL", "the base URL of the course service")
	queue := QueueFromEnvironment(env)
	queue.Audience = check.Audience
	push := pushtask.QueueFromEnvironment(env, pushtask.SendQueueVariable)
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	schools, err := school.Read(schoolFile, env.Lookup)
	if err != nil {
		return nil, err
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, storage := clients.Firestore(ctx), gcp.OpenStorage(ctx, clients)
	queue.Client = clients.Tasks(ctx)
	push.Client = queue.Client
	if err := clients.Err(); err != nil {
		return nil, err
	}
	conn, err := Dial(coursesURL, server.Now(ctx))
	if err != nil {
		return nil, err
	}
	clients.Own(conn)
	s, err := New(Config{
		Firestore: firestore, Storage: storage, Queue: queue, Push: push, Courses: lecturespb.NewLecturesClient(conn),
		Bucket: bucket, Schools: schools, Log: log, Now: server.Now(ctx),
	})
	if err != nil {
		return nil, err
	}
	return &server.Service{Handler: s.Handler(callers), RetryOn503: true, Close: clients.Close}, nil
}

// QueueFromEnvironment reads the queue's settings. The caller sets the audience and the client.
func QueueFromEnvironment(env *environment.Variables) *Queue {
	return &Queue{
		Name:           env.Required("REFRESH_QUEUE", "the refresh queue, projects/P/locations/L/queues/Q"),
		URL:            env.Required("REFRESH_URL", "the base URL of the refresh service, which the queue calls"),
		ServiceAccount: env.Required("TASKS_SERVICE_ACCOUNT", "the service account the queue authenticates as"),
	}
}

// Dial returns a connection to the course service at an https: URL, or an http: URL in the local
// cloud. Calls carry an identity token of this service's own account, valid at the time that now returns.
// Dial itself makes no request.
func Dial(serviceURL string, now func() time.Time) (*grpc.ClientConn, error) {
	u, err := url.Parse(serviceURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("environment variable COURSES_URL is %q, want an http: or https: URL", serviceURL)
	}
	local := u.Scheme == "http"
	tokens, err := oidcauth.NewTokenSource(serviceURL, local, now)
	if err != nil {
		return nil, err
	}
	address, transport := u.Host, insecure.NewCredentials()
	if !local {
		transport = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
		if u.Port() == "" {
			address += ":443"
		}
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport), grpc.WithPerRPCCredentials(tokens))
	if err != nil {
		return nil, fmt.Errorf("connect to the course service at %s: %w", serviceURL, err)
	}
	return conn, nil
}
