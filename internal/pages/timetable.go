package pages

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"heek.kr/heektime/internal/pages/calendar"
	"heek.kr/heektime/internal/pages/picture"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/webpage"
)

// servePage serves a timetable's page.
func (cfg *Config) servePage(w http.ResponseWriter, r *http.Request) {
	_, language, err := pageQuery(w, r)
	if err != nil {
		badRequest(w, err)
		return
	}
	t, err := cfg.Timetables.Read(r.Context(), r.PathValue("username"), r.PathValue("id"))
	if err != nil {
		cfg.failed(w, r, err)
		return
	}
	cfg.respond(w, r, representation{
		contentType: htmlType, tag: etag(t.Version, "page", language), cache: cacheFound,
		make: func(*http.Request) (content, error) { return page(webpage.Timetable(t, language, cfg.Origin)) },
	})
}

// file is a representation of a timetable as a file.
type file struct {
	contentType string
	variant     string // which of its representations it is, for the ETag
	drawn       bool   // it takes a slot of Config.Drawing
	write       func(io.Writer, *share.Timetable) error
}

func (cfg *Config) serveFile(w http.ResponseWriter, r *http.Request) {
	id, extension, ok := strings.Cut(r.PathValue("file"), ".")
	open := map[string]func(query) (file, error){"png": pictureFile, "svg": vectorFile, "ics": calendarFile}[extension]
	switch {
	case !ok && id != "":
		cfg.redirectToPage(w, r, id)
		return
	case open == nil:
		cfg.notFound(w, r)
		return
	}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		badRequest(w, err)
		return
	}
	f, err := open(q)
	if err != nil {
		badRequest(w, err)
		return
	}
	t, err := cfg.Timetables.Read(r.Context(), r.PathValue("username"), id)
	if err != nil {
		cfg.failed(w, r, err)
		return
	}
	cfg.respond(w, r, representation{
		contentType: f.contentType, tag: etag(t.Version, f.variant), cache: cacheFound,
		make: func(r *http.Request) (content, error) { return cfg.render(r, t, f) },
	})
}

// redirectToPage adds the slash with which the address of a page ends. It keeps the language, and reads nothing.
func (cfg *Config) redirectToPage(w http.ResponseWriter, r *http.Request, id string) {
	target := webpage.TimetablePath(r.PathValue("username"), id) + "/"
	if q, err := parseQuery(r.URL.RawQuery); err == nil && q["lang"] != "" {
		target += "?lang=" + url.QueryEscape(q["lang"])
	}
	w.Header().Set("Cache-Control", cacheMissing)
	http.Redirect(w, r, target, http.StatusMovedPermanently)
}

// render writes a file into memory, because an error must not follow half of it.
func (cfg *Config) render(r *http.Request, t *share.Timetable, f file) (content, error) {
	if f.drawn {
		release, err := cfg.Drawing.Acquire(r.Context(), cfg.Client(r))
		if err != nil {
			return content{}, fmt.Errorf("%w: %w", errBusy, err)
		}
		defer release()
	}
	var b bytes.Buffer
	err := f.write(&b, t)
	// An SVG that is opened on its own is a document. It has nothing to load or to run.
	return content{body: b.Bytes(), policy: "default-src 'none'; sandbox"}, err
}

func pictureFile(q query) (file, error) {
	return styled(q, file{contentType: "image/png", variant: "png", drawn: true}, picture.PNG)
}

func vectorFile(q query) (file, error) {
	return styled(q, file{contentType: "image/svg+xml", variant: "svg", drawn: true}, picture.SVG)
}

func calendarFile(q query) (file, error) {
	language, err := share.ParseLanguage(q["lang"])
	if err == nil {
		err = q.only("lang")
	}
	return file{
		contentType: "text/calendar; charset=utf-8", variant: fmt.Sprint("ics ", language),
		write: func(w io.Writer, t *share.Timetable) error { return calendar.Write(w, t, language) },
	}, err
}
