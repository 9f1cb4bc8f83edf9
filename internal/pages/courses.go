package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/webpage"
	"heek.kr/heektime/internal/schema"
)

// cacheCourses is longer than cacheFound: a list changes a few times a day, and a page says nothing private.
const cacheCourses = "public, max-age=300, s-maxage=3600, stale-while-revalidate=86400"

// serveSchools serves the page of all semesters.
func (cfg *Config) serveSchools(w http.ResponseWriter, r *http.Request) {
	_, language, err := pageQuery(w, r)
	if err != nil {
		badRequest(w, err)
		return
	}
	all, err := cfg.Courses.All(r.Context())
	if err != nil {
		cfg.failed(w, r, err)
		return
	}
	cfg.respond(w, r, representation{
		contentType: htmlType, tag: etag(versionOf(all), "schools", language), cache: cacheCourses, index: true,
		make: func(*http.Request) (content, error) { return page(webpage.Schools(all, language, cfg.Origin)) },
	})
}

// serveGroup serves the pages of semesters, colleges and departments.
func (cfg *Config) serveGroup(w http.ResponseWriter, r *http.Request) {
	q, language, err := pageQuery(w, r, "page")
	number := 0
	if err == nil {
		number, err = pageNumber(q["page"])
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	cfg.serveCourses(w, r, language, number, func(s *catalog.Semester, c *catalog.Catalog) (webpage.Page, error) {
		college, department, err := groupOf(r, c)
		if err != nil {
			return webpage.Page{}, err
		}
		lectures := c.Rest
		switch {
		case department != nil:
			lectures = department.Lectures
		case college != nil:
			lectures = college.Lectures
		}
		if number > webpage.Pages(len(lectures)) {
			return webpage.Page{}, share.ErrNotFound
		}
		return webpage.Group(s, c, college, department, number, language, cfg.Origin, cfg.Now())
	})
}

// groupOf returns the college and department of a request, nil for those that its address does not have.
func groupOf(r *http.Request, c *catalog.Catalog) (college, department *catalog.Group, err error) {
	if slug := r.PathValue("college"); slug != "" {
		if college = c.College(slug); college == nil {
			return nil, nil, share.ErrNotFound
		}
	}
	if slug := r.PathValue("department"); slug != "" {
		if department = college.Department(slug); department == nil {
			return nil, nil, share.ErrNotFound
		}
	}
	return college, department, nil
}

// pageNumber parses the number of a page, which is 1 for "". The first page has one address only.
func pageNumber(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 || strconv.Itoa(n) != text {
		return 0, errors.New("page is not a number from 2")
	}
	return n, nil
}

// serveLecture serves the page of a lecture.
func (cfg *Config) serveLecture(w http.ResponseWriter, r *http.Request) {
	_, language, err := pageQuery(w, r)
	if err != nil {
		badRequest(w, err)
		return
	}
	cfg.serveCourses(w, r, language, 0, func(s *catalog.Semester, c *catalog.Catalog) (webpage.Page, error) {
		lecture := c.Lecture(r.PathValue("lecture"))
		if lecture == nil {
			return webpage.Page{}, share.ErrNotFound
		}
		return webpage.Lecture(s, c, lecture, language, cfg.Origin, cfg.Now())
	})
}

// serveCourses serves a page that show makes of a semester's list. A client that has the page of this list gets it
// without loading the list.
func (cfg *Config) serveCourses(
	w http.ResponseWriter, r *http.Request, l share.Language, number int, show func(*catalog.Semester, *catalog.Catalog) (webpage.Page, error),
) {
	s, err := cfg.Courses.Semester(r.Context(), r.PathValue("school"), schema.SemesterID(r.PathValue("semester")))
	if err != nil {
		cfg.failed(w, r, err)
		return
	}
	cfg.respond(w, r, representation{
		contentType: htmlType, cache: cacheCourses, index: true,
		tag: etag(semesterVersion(s), "courses", l, number, r.URL.Path, webpage.IsOver(s, cfg.Now())),
		make: func(r *http.Request) (content, error) {
			c, err := cfg.Courses.Catalog(r.Context(), s)
			if err != nil {
				return content{}, err
			}
			return page(show(s, c))
		},
	})
}

// semesterVersion changes with what pages show of a semester. Its document changes whenever its list is checked.
func semesterVersion(s *catalog.Semester) string {
	return fmt.Sprintf("%q %d %q %q %q %d", s.LecturesURL, s.Year, s.Term, s.FirstDay, s.LastDay, s.ListChangedAt.Unix())
}

func versionOf(all []catalog.Semester) (version string) {
	for i := range all {
		version += all[i].School + " " + string(all[i].ID) + " " + semesterVersion(&all[i]) + "\n"
	}
	return version
}
