// Package pages shows public timetables to visitors who are not signed in, behind Hosting's CDN:
//
//	GET /user/{username}/timetable/{id}/     a page that works without JavaScript (internal/pages/webpage)
//	GET /user/{username}/timetable/{id}.png  a picture (internal/pages/picture)
//	GET /user/{username}/timetable/{id}.svg  the same as SVG
//	GET /user/{username}/timetable/{id}.ics  a calendar to subscribe to (internal/pages/calendar)
//	GET /compare?u={username},{username}     when several people are free
//
// and to search engines the courses of semesters (internal/pages/catalog):
//
//	GET /courses/                                            all semesters
//	GET /courses/{school}/{semester}/                        a semester, by college and department
//	GET /courses/{school}/{semester}/{college}/              a college
//	GET /courses/{school}/{semester}/{college}/{department}/ a department
//	GET /courses/{school}/{semester}/{lecture}               a lecture
//	GET /sitemap.xml, /sitemap-{school}.{semester}.xml, /robots.txt
//
// Pages of timetables report that they were viewed (internal/pages/views):
//
//	POST /views
//
// A timetable that others may not see, for whatever reason, is one and the same 404
// (internal/pages/share). Responses are cached by the CDN, and have an ETag of what they show, so that a
// client that has the newest is answered without drawing.
package pages

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/webpage"
	"heek.kr/heektime/internal/ratelimit"
)

// Config holds the service's dependencies. All are required.
type Config struct {
	Timetables *share.Reader
	Courses    *catalog.Reader
	Views      Views
	// Drawing has a slot for each picture that may be drawn at a time.
	Drawing Limiter
	// Calls limits the requests of each client.
	Calls *ratelimit.Limiter
	// Client returns the network address of a request's client, which Drawing is shared by.
	Client func(*http.Request) string
	// Origin is the address of the site, "https://host".
	Origin string
	Now    func() time.Time
	Log    *slog.Logger
}

// Limiter limits concurrent work and shares it among clients: *fairsemaphore.Semaphore.
type Limiter interface {
	Acquire(ctx context.Context, client string) (release func(), err error)
}

// New returns the service, or an error naming the field that cfg lacks.
func New(cfg Config) (http.Handler, error) {
	switch {
	case cfg.Timetables == nil:
		return nil, errors.New("pages service needs a reader of timetables")
	case cfg.Courses == nil:
		return nil, errors.New("pages service needs a reader of courses")
	case cfg.Views == nil:
		return nil, errors.New("pages service needs a counter of views")
	case cfg.Drawing == nil, cfg.Calls == nil, cfg.Client == nil:
		return nil, errors.New("pages service needs limits, and who a client is")
	case cfg.Origin == "":
		return nil, errors.New("pages service needs the address of the site")
	case cfg.Now == nil, cfg.Log == nil:
		return nil, errors.New("pages service needs a clock and a logger")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /user/{username}/timetable/{id}/{$}", cfg.servePage)
	mux.HandleFunc("GET /user/{username}/timetable/{file}", cfg.serveFile)
	mux.HandleFunc("GET /compare", cfg.serveCompare)
	mux.HandleFunc("GET /courses/{$}", cfg.serveSchools)
	mux.HandleFunc("GET /courses/{school}/{semester}/{$}", cfg.serveGroup)
	mux.HandleFunc("GET /courses/{school}/{semester}/{college}/{$}", cfg.serveGroup)
	mux.HandleFunc("GET /courses/{school}/{semester}/{college}/{department}/{$}", cfg.serveGroup)
	mux.HandleFunc("GET /courses/{school}/{semester}/{lecture}", cfg.serveLecture)
	mux.HandleFunc("GET /robots.txt", cfg.serveRobots)
	mux.HandleFunc("GET /sitemap.xml", cfg.serveSitemaps)
	mux.HandleFunc("GET /{file}", cfg.serveSitemap)
	mux.HandleFunc("POST "+webpage.ViewsPath, cfg.countView)
	mux.HandleFunc("GET "+webpage.ScriptPath, cfg.serveScript)
	mux.HandleFunc("/", cfg.notFound)
	return cfg.limited(mux), nil
}

// limited rejects the requests of a client that sends too many.
func (cfg *Config) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := cfg.Calls.Take(cfg.Client(r), cfg.Now()); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			fail(w, http.StatusTooManyRequests, cacheNever, "too many requests")
			return
		}
		next.ServeHTTP(w, r)
	})
}
