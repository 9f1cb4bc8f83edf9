package pages

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"

	"heek.kr/heektime/internal/pages/webpage"
)

// Views counts views of timetables: *views.Counter.
type Views interface {
	Count(ctx context.Context, username, timetableID, viewer string) error
}

const (
	// maxView bounds the body of a view, with its names encoded.
	maxView = 20 << 10
	// cacheScript is for the script, which changes with a release.
	cacheScript = "public, max-age=3600, s-maxage=86400"
	scriptType  = "text/javascript; charset=utf-8"
)

// robot matches the User-Agent of crawlers, previews and tools. Few of them run scripts.
var robot = regexp.MustCompile(`(?i)bot|crawl|spider|slurp|preview|scrap|monitor|headless|lighthouse|curl|wget|python|java/|go-http|node|facebookexternalhit|^$`)

// serveScript serves the script that counts a view.
func (cfg *Config) serveScript(w http.ResponseWriter, r *http.Request) {
	cfg.respond(w, r, representation{
		contentType: scriptType, tag: etag(string(webpage.Script), "script"), cache: cacheScript, index: true,
		make: func(*http.Request) (content, error) { return content{body: webpage.Script, policy: noPolicy}, nil },
	})
}

// countView counts a view that a page reports. The response is the same whether or not it counts. Pages of other
// origins cannot report views: browsers say where a request comes from.
func (cfg *Config) countView(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", cacheNever)
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		fail(w, http.StatusForbidden, cacheNever, "views are counted by pages of this site")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxView)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		badRequest(w, errors.New("the body is too long"))
		return
	}
	q, err := parseQuery(string(body))
	if err == nil {
		err = q.only("user", "timetable")
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	agent := r.UserAgent()
	if !robot.MatchString(agent) {
		viewer := cfg.Client(r) + " " + agent
		if err := cfg.Views.Count(r.Context(), q["user"], q["timetable"], viewer); err != nil {
			cfg.unavailable(w, r, err)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
