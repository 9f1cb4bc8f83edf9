package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/compat-server/courselist"
	"heek.kr/heektime/internal/schema"
)

// schools handles GET /schools.
func (s *Server) schools(ctx context.Context, c *call) error {
	snapshot, err := s.catalog.Get(ctx)
	if err != nil {
		return err
	}
	encoded := s.encodedSchools.Load()
	if encoded == nil || encoded.snapshot != snapshot {
		text, err := encode(schoolObjects(snapshot))
		if err != nil {
			return err
		}
		encoded = &encodedSchools{snapshot, text}
		s.encodedSchools.Store(encoded)
	}
	return respondJSON(c, http.StatusOK, encoded.text)
}

// encodedSchools caches the response to GET /schools, which is the same for all callers until the
// catalog changes.
type encodedSchools struct {
	snapshot *catalog.Snapshot
	text     []byte
}

func schoolObjects(snapshot *catalog.Snapshot) any {
	type semester struct {
		ID   string `json:"id"`
		Year int    `json:"year"`
		Term string `json:"term"`
	}
	type school struct {
		ID        string     `json:"id"`
		Name      string     `json:"name"`
		Semesters []semester `json:"semesters"`
	}
	list := make([]school, len(snapshot.Schools))
	for i, from := range snapshot.Schools {
		list[i] = school{from.ID, from.Name, make([]semester, len(from.Semesters))}
		for j, sem := range from.Semesters {
			list[i].Semesters[j] = semester{sem.ID, sem.Year, sem.Term}
		}
	}
	return list
}

// listURL handles GET /semesters/{semester id}/lectures-url. The ID contains a slash, which some
// clients escape.
func (s *Server) listURL(ctx context.Context, c *call) error {
	path, err := c.param("*")
	if err != nil {
		return err
	}
	id, ok := strings.CutSuffix(path, "/lectures-url")
	if !ok {
		return errNotFound
	}
	semester, err := s.catalog.Find(ctx, id)
	switch {
	case err != nil:
		return err
	case semester == nil:
		return errNoSemester
	case semester.ListURL == "":
		return errNoList
	}
	setListUpdated(c, semester)
	return respond(c, http.StatusOK, map[string]string{"url": s.publicURL + base + courselist.Path(semester)})
}

// list handles GET /lists/{school}/{semester}/{version}.json, the URLs that lectures-url returns.
// Course lists are public.
func (s *Server) list(ctx context.Context, c *call) error {
	semester, version, err := s.semesterOfList(ctx, c)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	tag := `W/"` + version + `"`
	header.Set("ETag", tag)
	header.Add("Vary", "Accept-Encoding")
	setListUpdated(c, semester)
	if c.Param("version") == version+".json" {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		// The version is older than this instance's, or a newer one that another instance already
		// has. Serve this instance's version, but do not let anything cache it under the wrong URL.
		header.Set("Cache-Control", "no-cache")
	}
	if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	list, err := s.lists.Get(ctx, semester)
	if err != nil {
		header.Del("ETag")
		header.Set("Cache-Control", "no-store")
		return errUnavailable.withCause(err)
	}
	if strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(list)))
		return c.Blob(http.StatusOK, "application/json", list)
	}
	plain, err := gzip.NewReader(bytes.NewReader(list))
	if err != nil {
		return fmt.Errorf("decompress a cached list: %w", err)
	}
	header.Set("Content-Type", "application/json")
	c.Response().WriteHeader(http.StatusOK)
	_, err = io.Copy(c.Response(), plain)
	return err
}

// setListUpdated says when a list was published, as an HTTP-date like Last-Modified: what HTTP libraries parse
// and RFC 9110 (section 5.6.7) requires of dates in headers that it defines. Last-Modified itself would
// say more than is true: what old apps load also changes with the semester's periods.
//
// A list at an immutable URL keeps the date of the response that was cached. If the school returns to that
// list, lectures-url has the new date.
func setListUpdated(c *call, semester *catalog.Semester) {
	if !semester.ListChangedAt.IsZero() {
		c.Response().Header().Set(headerListUpdated, semester.ListChangedAt.UTC().Format(http.TimeFormat))
	}
}

const headerListUpdated = "X-Heektime-List-Updated" // header names are case-insensitive; Go writes them so

// semesterOfList returns the semester in a list's URL and the current version of its list.
func (s *Server) semesterOfList(ctx context.Context, c *call) (*catalog.Semester, string, error) {
	school, err := c.param("school")
	if err != nil {
		return nil, "", err
	}
	id, err := c.param("semester")
	if err != nil {
		return nil, "", err
	}
	semester, err := s.catalog.FindAt(ctx, schema.SemesterPath(school, schema.SemesterID(id)))
	switch {
	case err != nil:
		return nil, "", err
	case semester == nil:
		return nil, "", errNoSemester
	case semester.ListURL == "":
		return nil, "", errNoList
	}
	return semester, courselist.Version(semester), nil
}
