package pages

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/webpage"
)

// maxCompared is how many timetables are compared at a time, maxName how many bytes the name of one has in an address.
const (
	maxCompared = 5
	maxName     = 200
)

// serveCompare shows the common free time of several public timetables: the latest of each user, or the one that
// follows a username and a slash.
func (cfg *Config) serveCompare(w http.ResponseWriter, r *http.Request) {
	q, language, err := pageQuery(w, r, "u")
	var names []string
	if err == nil {
		names, err = comparedNames(q["u"])
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	// Each name costs as much as a page.
	cfg.Calls.Charge(cfg.Client(r), len(names)-1, cfg.Now())
	var found []*share.Timetable
	var missing []string
	version := strings.Join(names, ",")
	for _, name := range names {
		t, err := cfg.compared(r, name)
		switch {
		case errors.Is(err, share.ErrNotFound):
			missing = append(missing, name)
			version += " -"
		case err != nil:
			cfg.failed(w, r, err)
			return
		default:
			found = append(found, t)
			version += " " + t.Version
		}
	}
	if len(found) == 0 {
		cfg.notFound(w, r)
		return
	}
	cfg.respond(w, r, representation{
		contentType: htmlType, tag: etag(version, "compare", language), cache: cacheFound,
		make: func(*http.Request) (content, error) {
			return page(webpage.Compare(found, names, missing, language, cfg.Origin))
		},
	})
}

// comparedNames parses the names of an address.
func comparedNames(text string) ([]string, error) {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name == "" || len(name) > maxName {
			return nil, errors.New("u is a list of usernames, separated by commas")
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if len(names) > maxCompared {
			return nil, errors.New("u has too many usernames")
		}
	}
	return names, nil
}

func (cfg *Config) compared(r *http.Request, name string) (*share.Timetable, error) {
	if username, id, ok := strings.Cut(name, "/"); ok {
		return cfg.Timetables.Read(r.Context(), username, id)
	}
	return cfg.Timetables.ReadLatest(r.Context(), name)
}
