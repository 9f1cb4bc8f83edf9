package refresh

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/server"
)

// Open builds the service from its environment:
//
//	GOOGLE_CLOUD_PROJECT  project of the database
//	LECTURES_BUCKET       bucket of the course lists
//	SCHOOLS_FILE          path of the school file
//	REFRESH_QUEUE         projects/P/locations/L/queues/Q
//	REFRESH_URL           this service's own URL, which the queue calls
//	TASKS_SERVICE_ACCOUNT account that the queue calls it as
//	COURSES_URL           URL of the course service, also the audience of the tokens for it
//	OIDC_AUDIENCE, ALLOWED_CALLERS, OIDC_CERTS_URL: see caller.FromEnvironment
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
	project := env.Required("GOOGLE_CLOUD_PROJECT", "the project of the database")
	bucket := env.Required("LECTURES_BUCKET", "the bucket of the course lists")
	schoolsFile := env.Required("SCHOOLS_FILE", "the path of the school file")
	queue := &Queue{
		Name:           env.Required("REFRESH_QUEUE", "the queue, projects/P/locations/L/queues/Q"),
		URL:            env.Required("REFRESH_URL", "this service's own URL"),
		ServiceAccount: env.Required("TASKS_SERVICE_ACCOUNT", "the service account that the queue calls this service as"),
	}
	coursesURL := env.Required("COURSES_URL", "the URL of the course service")
	check := oidcauth.FromEnvironment(env)
	queue.Audience = check.Audience
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	schools, err := school.Read(schoolsFile, env.Lookup)
	if err != nil {
		return nil, err
	}
	fs, err := gcp.Firestore(ctx, project)
	if err != nil {
		return nil, err
	}
	st, err := gcp.Storage(ctx)
	if err != nil {
		return nil, err
	}
	if queue.Client, err = gcp.Tasks(ctx); err != nil {
		return nil, err
	}
	conn, err := Dial(coursesURL)
	if err != nil {
		return nil, err
	}
	s, err := New(Dependencies{
		Settings:  Settings{Bucket: bucket, Schools: schools},
		Firestore: fs, Storage: st, Queue: queue, Courses: lecturespb.NewLecturesClient(conn), Log: log,
	})
	if err != nil {
		return nil, err
	}
	return &server.Service{Handler: s.Handler(callers), Close: func() error {
		return errors.Join(conn.Close(), queue.Client.Close(), st.Close(), fs.Close())
	}}, nil
}

// Dial connects to the course service at an https: URL, or at an http: one in the embedded cloud, as this service's own
// account. It does not call out.
func Dial(serviceURL string) (*grpc.ClientConn, error) {
	u, err := url.Parse(serviceURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("COURSES_URL %q is no http: or https: URL", serviceURL)
	}
	local := u.Scheme == "http"
	tokens, err := oidcauth.NewTokenSource(serviceURL, local)
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
