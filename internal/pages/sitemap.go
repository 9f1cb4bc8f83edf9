package pages

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/webpage"
	"heek.kr/heektime/internal/schema"
)

// A sitemap may list this many addresses, in 50 MB. The sitemap of a semester stays below both: its list has at most
// 30,000 lectures (internal/courses), and an address at most a kilobyte (catalog.Slug).
//
// Source: https://www.sitemaps.org/protocol.html#index
const maxAddresses = 50_000

const (
	sitemapSpace = "http://www.sitemaps.org/schemas/sitemap/0.9"
	xmlType      = "application/xml; charset=utf-8"
)

// serveRobots says what crawlers may load. They may load timetables, which chats show as previews, and read there that
// they are not to be listed.
func (cfg *Config) serveRobots(w http.ResponseWriter, r *http.Request) {
	text := "User-agent: *\nDisallow: /apis/\nDisallow: /account/\n\nSitemap: " + cfg.Origin + "/sitemap.xml\n"
	cfg.respond(w, r, representation{
		contentType: plainType, tag: etag(text, "robots"), cache: cacheCourses, index: true,
		make: func(*http.Request) (content, error) { return content{body: []byte(text), policy: noPolicy}, nil },
	})
}

// sitemapEntry is an address in a sitemap or an index of sitemaps.
type sitemapEntry struct {
	Location string `xml:"loc"`
	Modified string `xml:"lastmod,omitempty"`
}

// serveSitemaps serves the index, which lists a sitemap for each semester. A sitemap is modified when its semester's
// list has changed.
func (cfg *Config) serveSitemaps(w http.ResponseWriter, r *http.Request) {
	all, err := cfg.Courses.All(r.Context())
	if err != nil {
		cfg.failed(w, r, err)
		return
	}
	cfg.respond(w, r, representation{
		contentType: xmlType, tag: etag(versionOf(all), "sitemaps"), cache: cacheCourses, index: true,
		make: func(*http.Request) (content, error) {
			var entries []sitemapEntry
			for i := range all {
				entries = append(entries, sitemapEntry{cfg.Origin + sitemapPath(&all[i]), modified(&all[i])})
			}
			return writeSitemap("sitemapindex", "sitemap", entries)
		},
	})
}

// sitemapPath returns the path of a semester's sitemap.
func sitemapPath(s *catalog.Semester) string {
	return strings.TrimSuffix(strings.Replace(webpage.SemesterPath(s), webpage.CoursesPath, "/sitemap-", 1), "/"+string(s.ID)+"/") + "." + string(s.ID) + ".xml"
}

// serveSitemap serves the sitemap of a semester.
func (cfg *Config) serveSitemap(w http.ResponseWriter, r *http.Request) {
	name, isSitemap := strings.CutPrefix(r.PathValue("file"), "sitemap-")
	name, isXML := strings.CutSuffix(name, ".xml")
	dot := strings.LastIndexByte(name, '.')
	if !isSitemap || !isXML || dot < 0 || r.URL.RawQuery != "" {
		cfg.notFound(w, r)
		return
	}
	s, err := cfg.Courses.Semester(r.Context(), name[:dot], schema.SemesterID(name[dot+1:]))
	if err != nil {
		cfg.failed(w, r, err)
		return
	}
	cfg.respond(w, r, representation{
		contentType: xmlType, tag: etag(semesterVersion(s), "sitemap"), cache: cacheCourses, index: true,
		make: func(r *http.Request) (content, error) {
			c, err := cfg.Courses.Catalog(r.Context(), s)
			if err != nil {
				return content{}, err
			}
			return writeSitemap("urlset", "url", cfg.addresses(s, c))
		},
	})
}

// addresses returns the pages of a semester.
func (cfg *Config) addresses(s *catalog.Semester, c *catalog.Catalog) []sitemapEntry {
	var entries []sitemapEntry
	add := func(path string) {
		if len(entries) < maxAddresses {
			entries = append(entries, sitemapEntry{cfg.Origin + path, modified(s)})
		}
	}
	add(webpage.SemesterPath(s))
	for _, college := range c.Colleges {
		add(webpage.GroupPath(s, college, nil))
		for _, department := range college.Departments {
			add(webpage.GroupPath(s, college, department))
		}
	}
	for _, l := range c.Lectures() {
		add(webpage.LecturePath(s, l))
	}
	return entries
}

// modified returns when a semester's list has changed.
func modified(s *catalog.Semester) string {
	if s.ListChangedAt.IsZero() {
		return ""
	}
	return s.ListChangedAt.UTC().Format(time.RFC3339)
}

func writeSitemap(root, element string, entries []sitemapEntry) (content, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s<%s xmlns=%q>\n", xml.Header, root, sitemapSpace)
	encoder := xml.NewEncoder(&b)
	for _, e := range entries {
		if err := encoder.EncodeElement(e, xml.StartElement{Name: xml.Name{Local: element}}); err != nil {
			return content{}, fmt.Errorf("write sitemap: %w", err)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "</%s>\n", root)
	return content{body: b.Bytes(), policy: noPolicy}, nil
}

// noPolicy is for what is not a page: it has nothing to load or to run.
const noPolicy = "default-src 'none'; sandbox"
