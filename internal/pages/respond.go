package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/webpage"
)

// How long responses may be kept, in seconds. A timetable that becomes private is visible for as long
// through the CDN. A missing one is kept, too, so that guessing costs few reads.
const (
	cacheFound   = "public, max-age=60, s-maxage=300, stale-while-revalidate=300"
	cacheMissing = "public, max-age=0, s-maxage=60"
	cacheNever   = "no-store"
)

// revision is part of every ETag. It changes with the look of pictures and pages and the form of calendars.
const revision = 4

// content is the body of a response.
type content struct {
	body []byte
	// policy is its Content-Security-Policy.
	policy string
}

// representation is one of the forms of something that a client may have already.
type representation struct {
	contentType string
	// tag is its ETag, cache its Cache-Control.
	tag, cache string
	// index is whether search engines may list it.
	index bool
	// make makes the content. It is not called if the client has it.
	make func(*http.Request) (content, error)
}

// respond sends a representation, or that the client has it.
func (cfg *Config) respond(w http.ResponseWriter, r *http.Request, a representation) {
	header := w.Header()
	header.Set("Cache-Control", a.cache)
	header.Set("ETag", a.tag)
	if matches(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	c, err := a.make(r)
	if err != nil {
		header.Del("ETag")
		cfg.failed(w, r, err)
		return
	}
	describe(header, a.contentType, c)
	if strings.HasPrefix(a.contentType, "text/html") {
		header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	}
	if !a.index {
		header.Set("X-Robots-Tag", "noindex") // a person's week is not for search engines
	}
	w.Write(c.body) // ignore write errors: the client is gone
}

// describe sets the headers that say what a body is, and what it may do.
func describe(header http.Header, contentType string, c content) {
	header.Set("Content-Type", contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", c.policy)
}

// page converts a page that was rendered.
func page(p webpage.Page, err error) (content, error) {
	return content{body: p.HTML, policy: p.Policy}, err
}

const (
	htmlType  = "text/html; charset=utf-8"
	plainType = "text/plain; charset=utf-8"
)

// pageQuery parses the query of a page. names are the parameters that the page has in addition to the language.
func pageQuery(w http.ResponseWriter, r *http.Request, names ...string) (query, share.Language, error) {
	q, err := parseQuery(r.URL.RawQuery)
	if err == nil {
		err = q.only(append(names, "lang")...)
	}
	if err != nil {
		return nil, 0, err
	}
	l, err := languageOf(w, r, q)
	return q, l, err
}

// languageOf returns the language of a page: that of its query, or else the one that the client prefers. Without a
// query the response varies.
func languageOf(w http.ResponseWriter, r *http.Request, q query) (share.Language, error) {
	if q["lang"] != "" {
		return share.ParseLanguage(q["lang"])
	}
	w.Header().Add("Vary", "Accept-Language")
	return share.AcceptedLanguage(r), nil
}

// notFound responds with the page for what others may not see and what is not there.
func (cfg *Config) notFound(w http.ResponseWriter, r *http.Request) {
	language, _ := languageOf(w, r, nil)
	c, err := page(webpage.Missing(language))
	if err != nil {
		cfg.unavailable(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Cache-Control", cacheMissing)
	describe(header, htmlType, c)
	header.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(http.StatusNotFound)
	w.Write(c.body) // ignore write errors: the client is gone
}

// failed responds to a request for something that could not be read or made.
func (cfg *Config) failed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, share.ErrNotFound) {
		cfg.notFound(w, r)
		return
	}
	cfg.unavailable(w, r, err)
}

// errBusy means that no slot for drawing was free.
var errBusy = errors.New("too many pictures are being drawn")

// unavailable responds that the client should try again. It logs why, unless the client is gone or asks for
// too many pictures or lists, which would write as many lines.
func (cfg *Config) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil && !errors.Is(err, errBusy) && !errors.Is(err, catalog.ErrBusy) {
		cfg.Log.ErrorContext(r.Context(), "page is not available", logline.FieldError, err.Error())
	}
	w.Header().Set("Retry-After", "5")
	fail(w, http.StatusServiceUnavailable, cacheNever, "try again later")
}

// fail responds with an error as text.
func fail(w http.ResponseWriter, status int, cache, message string) {
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("X-Robots-Tag", "noindex")
	http.Error(w, message, status)
}

// badRequest rejects a query.
func badRequest(w http.ResponseWriter, err error) {
	fail(w, http.StatusBadRequest, cacheNever, err.Error())
}

// etag identifies a representation of a version of something.
func etag(version string, variant ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", revision, version, fmt.Sprint(variant...)))
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
