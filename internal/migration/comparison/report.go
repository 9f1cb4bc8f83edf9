package comparison

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Sort is what a difference is.
type Sort string

// The sorts of differences.
const (
	NoDocument  Sort = "the row has no document"
	NoRow       Sort = "the document has no row"
	FieldDiffer Sort = "a field differs"
	TakenName   Sort = "the username belongs to somebody else"
)

// Difference is a document that differs from its row, or lacks one.
type Difference struct {
	Sort Sort `json:"sort"`
	// UID is the user's, "" for schools and semesters.
	UID string `json:"uid,omitempty"`
	// Path is the document's path from the root of the database.
	Path string `json:"path"`
	// Field is the field that differs, Row and Document its values, shortened. They are "" if a whole
	// document is missing.
	Field    string `json:"field,omitempty"`
	Row      string `json:"row,omitempty"`
	Document string `json:"document,omitempty"`
	// Expected is true for a difference that is not an error.
	Expected bool `json:"expected,omitempty"`
	// Unconfirmed is true for a difference that may only be late: changes up to it have not arrived, or it
	// kept changing.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
	// Reason explains the difference, the same text for all of a kind but for times.
	Reason string `json:"reason,omitempty"`

	group string // what differences are counted by
}

// Group is how many differences have the same sort, field and reason.
type Group struct {
	Text        string       `json:"text"`
	Count       int          `json:"count"`
	Expected    bool         `json:"expected,omitempty"`
	Unconfirmed bool         `json:"unconfirmed,omitempty"`
	Examples    []Difference `json:"examples"`
}

// Report is the result of a comparison.
type Report struct {
	Kinds   []schema.MigrationKind `json:"kinds"`
	Started time.Time              `json:"started"`
	Ended   time.Time              `json:"ended"`
	// Whole is whether all users were compared.
	Whole bool `json:"whole"`
	// Users were compared. Documents is how many documents their rows became.
	Users     int `json:"users"`
	Documents int `json:"documents"`
	// Differences are real, Unconfirmed ones may only be late, Expected ones are not errors.
	Differences int `json:"differences"`
	Unconfirmed int `json:"unconfirmed"`
	Expected    int `json:"expected"`
	// Settled users differed at first and no longer when they were inspected again.
	Settled int `json:"settled"`
	// Stuck says why changes did not arrive, "" if they did.
	Stuck string `json:"stuck,omitempty"`
	// NewUsers were made on the new side, and are not compared until data flows back.
	NewUsers int `json:"newUsers"`
	// Groups, real differences first.
	Groups []Group `json:"groups"`
	// Reads are the reads that Firestore billed.
	Reads int `json:"reads"`

	examples int
	byText   map[string]*Group
}

func newReport(cfg Config) *Report {
	return &Report{Kinds: cfg.Kinds, examples: cfg.Examples, byText: map[string]*Group{}}
}

// add counts a difference.
func (r *Report) add(d Difference) {
	switch {
	case d.Expected:
		r.Expected++
	case d.Unconfirmed:
		r.Unconfirmed++
	default:
		r.Differences++
	}
	text := d.group
	key := fmt.Sprint(d.Expected, d.Unconfirmed, text)
	g := r.byText[key]
	if g == nil {
		g = &Group{Text: text, Expected: d.Expected, Unconfirmed: d.Unconfirmed}
		r.byText[key] = g
	}
	g.Count++
	if len(g.Examples) < r.examples {
		g.Examples = append(g.Examples, d)
	}
}

// finish sorts the groups.
func (r *Report) finish() *Report {
	r.Groups = nil
	for _, g := range r.byText {
		r.Groups = append(r.Groups, *g)
	}
	rank := func(g Group) int {
		switch {
		case g.Expected:
			return 2
		case g.Unconfirmed:
			return 1
		}
		return 0
	}
	slices.SortFunc(r.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	return r
}

// OK reports whether nothing differs that should not.
func (r *Report) OK() bool { return r.Differences == 0 && r.Unconfirmed == 0 }

// Err wraps [ErrDifferent] if there are real differences, and is nil otherwise.
func (r *Report) Err() error {
	if r.Differences == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrDifferent, r.Summary())
}

// Summary is a line that counts the real differences by kind.
func (r *Report) Summary() string {
	var parts []string
	for _, g := range r.Groups {
		if !g.Expected {
			parts = append(parts, fmt.Sprintf("%d × %s", g.Count, g.Text))
		}
	}
	return strings.Join(parts, "; ")
}

// Verification returns the report's document, which [heek.kr/heektime/internal/migration/overview] shows.
func (r *Report) Verification() schema.MigrationVerification {
	v := schema.MigrationVerification{
		StartedAt: r.Started, EndedAt: r.Ended, Whole: r.Whole, Users: int64(r.Users), Documents: int64(r.Documents),
		Differences: int64(r.Differences), Unconfirmed: int64(r.Unconfirmed), Expected: int64(r.Expected),
		Kinds: []string{}, Findings: []string{},
	}
	for _, kind := range r.Kinds {
		v.Kinds = append(v.Kinds, string(kind))
	}
	for _, g := range r.Groups {
		if !g.Expected && len(v.Findings) < maxFindings {
			v.Findings = append(v.Findings, fmt.Sprintf("%d × %s", g.Count, g.Text))
		}
	}
	return v
}

// maxFindings bounds the kinds of differences that are stored.
const maxFindings = 20

// counter counts the reads that Firestore bills.
type counter struct{ reads atomic.Int64 }

func (c *counter) add(n int) { c.reads.Add(int64(n)) }
func (c *counter) n() int    { return int(c.reads.Load()) }

// query counts a query: one read for each document, and one for a query without any.
func (c *counter) query(docs []*firestore.DocumentSnapshot) { c.add(max(1, len(docs))) }
