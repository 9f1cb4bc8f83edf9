package pages

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/auth/fairsemaphore"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/views"
	"heek.kr/heektime/internal/ratelimit"
	"heek.kr/heektime/internal/server"
)

// An instance has one CPU, so more pictures at a time would not be drawn sooner. A client may have a few waiting:
// a chat that shows a link loads its picture once.
const (
	picturesAtATime = 2
	picturesWaiting = 4
)

// callLimit limits the requests that reach an instance from one address, which a whole campus may share. The CDN
// answers most of what visitors request.
var callLimit = ratelimit.Limit{PerSecond: 10, Burst: 300}

// Open builds the service from its environment variables, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (_ *server.Service, err error) {
	project, database := gcp.Project(env), gcp.Database(env)
	bucket := env.Required("LECTURES_BUCKET", "the bucket of the course lists")
	origin := env.Required("PUBLIC_URL", "the address of the site, https://host")
	trusted := env.OptionalList("TRUSTED_PROXIES", auth.FirebaseHosting)
	if err := env.Err(); err != nil {
		return nil, err
	}
	proxies, err := auth.ParseProxies(trusted)
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(origin); err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return nil, fmt.Errorf("environment variable PUBLIC_URL is %q, want https://host", origin)
	}
	clients := gcp.NewClients(project, database)
	defer clients.CloseOnError(&err)
	firestore, lists := clients.Firestore(ctx), liststore.Open(ctx, clients, bucket)
	if err := clients.Err(); err != nil {
		return nil, err
	}
	now := server.Now(ctx)
	semesters := share.NewSemesters(firestore, now)
	timetables := share.NewReader(firestore, semesters)
	counter, err := views.New(views.Config{Firestore: firestore, Owners: timetables, Now: now, Log: log})
	if err != nil {
		return nil, err
	}
	clients.Own(counter)
	handler, err := New(Config{
		Timetables: timetables, Views: counter, Courses: catalog.NewReader(firestore, semesters, lists, now), Drawing: fairsemaphore.New(picturesAtATime, picturesWaiting),
		Calls: ratelimit.New(callLimit), Client: proxies.ClientIP, Origin: origin, Now: now, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return &server.Service{Handler: handler, Close: clients.Close}, nil
}
