// Package pages shows public timetables to visitors who are not signed in, behind Hosting's CDN:
//
//	GET /user/{username}/timetable/{id}.png  a picture (internal/pages/picture)
//	GET /user/{username}/timetable/{id}.svg  the same as SVG
//	GET /user/{username}/timetable/{id}.ics  a calendar to subscribe to (internal/pages/calendar)
//
// A timetable that others may not see, for whatever reason, is one and the same 404
// (internal/pages/share). Responses are cached by the CDN, and have an ETag of what they show, so that a
// client that has the newest is answered without drawing.
package pages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/pages/calendar"
	"heek.kr/heektime/internal/pages/picture"
	"heek.kr/heektime/internal/pages/share"
)

// Config holds the service's dependencies. All are required.
type Config struct {
	Timetables *share.Reader
	// Drawing has a slot for each picture that may be drawn at a time.
	Drawing Limiter
	// Client returns the network address of a request's client, which Drawing is shared by.
	Client func(*http.Request) string
	Log    *slog.Logger
}

// Limiter limits concurrent work and shares it among clients: *fairsemaphore.Semaphore.
type Limiter interface {
	Acquire(ctx context.Context, client string) (release func(), err error)
}

// How long responses may be kept, in seconds. A timetable that becomes private is visible for as long
// through the CDN. A missing one is kept, too, so that guessing costs few reads.
const (
	cacheFound   = "public, max-age=60, s-maxage=300, stale-while-revalidate=300"
	cacheMissing = "public, max-age=0, s-maxage=60"
	cacheNever   = "no-store"
)

// revision is part of every ETag. It changes with the look of pictures and the form of calendars.
const revision = 1

// Handler serves the addresses above.
func Handler(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /user/{username}/timetable/{file}", cfg.serveFile)
	return mux
}

// file is a representation of a timetable.
type file struct {
	contentType string
	variant     string // which of its representations it is, for the ETag
	drawn       bool   // it takes a slot of Config.Drawing
	write       func(io.Writer, *share.Timetable) error
}

func (cfg *Config) serveFile(w http.ResponseWriter, r *http.Request) {
	id, extension, ok := strings.Cut(r.PathValue("file"), ".")
	open := map[string]func(query) (file, error){"png": pictureFile, "svg": vectorFile, "ics": calendarFile}[extension]
	if !ok || open == nil {
		fail(w, http.StatusNotFound, cacheMissing, "not found")
		return
	}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		fail(w, http.StatusBadRequest, cacheNever, err.Error())
		return
	}
	f, err := open(q)
	if err != nil {
		fail(w, http.StatusBadRequest, cacheNever, err.Error())
		return
	}
	t, err := cfg.Timetables.Read(r.Context(), r.PathValue("username"), id)
	switch {
	case errors.Is(err, share.ErrNotFound):
		fail(w, http.StatusNotFound, cacheMissing, "not found")
	case err != nil:
		cfg.unavailable(w, r, err)
	default:
		cfg.respond(w, r, t, f)
	}
}

// respond sends a file, or that the client has it.
func (cfg *Config) respond(w http.ResponseWriter, r *http.Request, t *share.Timetable, f file) {
	tag := etag(t.Version, f.variant)
	header := w.Header()
	header.Set("Cache-Control", cacheFound)
	header.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content, err := cfg.render(r, t, f)
	if err != nil {
		header.Del("ETag")
		cfg.unavailable(w, r, err)
		return
	}
	header.Set("Content-Type", f.contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex") // a person's week is not for search engines
	// An SVG that is opened on its own is a document. It has nothing to load or to run.
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Write(content) // ignore write errors: the client is gone
}

// render writes a file into memory, because an error must not follow half of it.
func (cfg *Config) render(r *http.Request, t *share.Timetable, f file) ([]byte, error) {
	if f.drawn {
		release, err := cfg.Drawing.Acquire(r.Context(), cfg.Client(r))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBusy, err)
		}
		defer release()
	}
	var b bytes.Buffer
	err := f.write(&b, t)
	return b.Bytes(), err
}

// errBusy means that no slot for drawing was free.
var errBusy = errors.New("too many pictures are being drawn")

// unavailable responds that the client should try again. It logs why, unless the client is gone or asks for
// too many pictures, which would write as many lines.
func (cfg *Config) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil && !errors.Is(err, errBusy) {
		cfg.Log.ErrorContext(r.Context(), "shared timetable is not available", logline.FieldError, err.Error())
	}
	w.Header().Set("Retry-After", "5")
	fail(w, http.StatusServiceUnavailable, cacheNever, "try again later")
}

func fail(w http.ResponseWriter, status int, cache, message string) {
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("X-Robots-Tag", "noindex")
	http.Error(w, message, status)
}

// etag identifies a representation of a version of a timetable.
func etag(version, variant string) string {
	sum := sha256.Sum256([]byte(version + " " + variant))
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// matches reports whether an If-None-Match header has the tag. A CDN that compresses makes the tag weak.
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		if candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/"); candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
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
		contentType: "text/calendar; charset=utf-8", variant: variant("ics", language),
		write: func(w io.Writer, t *share.Timetable) error { return calendar.Write(w, t, language) },
	}, err
}
