package objects

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// Query selects objects of a bucket. Empty fields do not restrict the result.
// Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list.
type Query struct {
	Bucket      string
	Prefix      string
	Delimiter   string // names that contain it after the prefix are grouped into Page.Prefixes
	StartOffset string // the first name to include
	EndOffset   string // the first name to exclude
	MatchGlob   string // *, **, ?, [a-z], {a,b}; only ** matches "/"
	PageToken   string // NextPageToken of the previous page
	MaxResults  int    // objects and prefixes per page, 1 to 1000; other values mean 1000

	IncludeTrailingDelimiter bool // also list objects whose name ends with the delimiter as objects
}

// Page is one page of the results of a [Query], ordered by name (bytewise).
type Page struct {
	Objects       []Object
	Prefixes      []string
	NextPageToken string // empty on the last page
}

// maxResults is the largest page size. Source: see [Query].
const maxResults = 1000

// maxSuffix, appended to a prefix, sorts after every UTF-8 string with that prefix.
const maxSuffix = "\xff"

// List returns a page of the objects that q selects.
func (s *Store) List(q Query) (Page, error) {
	glob, err := compileGlob(q.MatchGlob)
	if err != nil {
		return Page{}, err
	}
	from, err := decodeToken(q.PageToken)
	if err != nil {
		return Page{}, err
	}
	if q.MaxResults < 1 || q.MaxResults > maxResults {
		q.MaxResults = maxResults
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, err := s.bucket(q.Bucket, Conditions{})
	if err != nil {
		return Page{}, err
	}
	l := lister{Query: q, glob: glob, from: max(q.Prefix, q.StartOffset, from)}
	for l.more = true; l.more; {
		l.more = false
		b.objects.Ascend(l.from, l.visit)
	}
	return l.page, nil
}

// lister scans the names of a bucket. After the first object of a prefix, it starts a new scan
// behind the prefix, so that a folder of a million objects costs one step.
type lister struct {
	Query
	glob *regexp.Regexp
	from string // where the next scan starts
	more bool   // whether there is a next scan
	page Page
}

// visit adds an object to the page and reports whether to continue the scan.

func (l *lister) visit(name string, r *record) bool {
	if !strings.HasPrefix(name, l.Prefix) || l.EndOffset != "" && name >= l.EndOffset {
		return false
	}
	if l.glob != nil && !l.glob.MatchString(name) {
		return true
	}
	if len(l.page.Objects)+len(l.page.Prefixes) >= l.MaxResults {
		l.page.NextPageToken = encodeToken(l.from)
		return false
	}
	prefix, grouped := l.commonPrefix(name)
	if !grouped || l.IncludeTrailingDelimiter && name == prefix {
		l.page.Objects = append(l.page.Objects, r.Object)
		l.from = name + "\x00"
	}
	if grouped {
		l.page.Prefixes = append(l.page.Prefixes, prefix)
		l.from, l.more = prefix+maxSuffix, true
		return false
	}
	return true
}

// commonPrefix returns the part of name up to and including the first delimiter after the query's
// prefix.
func (l *lister) commonPrefix(name string) (string, bool) {
	if l.Delimiter == "" {
		return "", false
	}
	i := strings.Index(name[len(l.Prefix):], l.Delimiter)
	if i < 0 {
		return "", false
	}
	return name[:len(l.Prefix)+i+len(l.Delimiter)], true
}

func encodeToken(from string) string { return base64.RawURLEncoding.EncodeToString([]byte(from)) }

func decodeToken(token string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", errorf(Invalid, "Invalid page token %q.", token)
	}
	return string(b), nil
}
