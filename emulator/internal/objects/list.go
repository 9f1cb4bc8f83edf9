package objects

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// Query selects objects of one bucket. Empty fields select everything.
// Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list.
type Query struct {
	Bucket      string
	Prefix      string
	Delimiter   string // names that have it after the prefix are folded into one of Page.Prefixes
	StartOffset string // the first name that can be selected
	EndOffset   string // the first name that can't be
	MatchGlob   string // *, **, ?, [a-z], {a,b}; only ** matches "/"
	PageToken   string // of the page before
	MaxResults  int    // objects and prefixes on a page; 1 to 1000, anything else is 1000

	IncludeTrailingDelimiter bool // objects that end in the delimiter are selected beside being folded
}

// Page is a part of the answer to a [Query], in the order of names (by bytes).
type Page struct {
	Objects       []Object
	Prefixes      []string
	NextPageToken string // empty on the last page
}

// maxResults is the most that one page holds. Source: as of [Query].
const maxResults = 1000

// afterAll sorts behind every UTF-8 text with the same beginning.
const afterAll = "\xff"

// List returns the page of objects that q selects.
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

// lister walks through the names of a bucket. A folded prefix ends a walk, and the next one starts behind it, so that
// a folder of a million objects costs one step.
type lister struct {
	Query
	glob *regexp.Regexp
	from string // where the next walk starts
	more bool   // whether there is a next walk
	page Page
}

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
	folder, folded := l.fold(name)
	if !folded || l.IncludeTrailingDelimiter && name == folder {
		l.page.Objects = append(l.page.Objects, r.Object)
		l.from = name + "\x00"
	}
	if folded {
		l.page.Prefixes = append(l.page.Prefixes, folder)
		l.from, l.more = folder+afterAll, true
		return false
	}
	return true
}

// fold returns the beginning of name up to the first delimiter behind the prefix.
func (l *lister) fold(name string) (string, bool) {
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
