package comparison

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/schema"
)

// defaultLooks is how many times a user is inspected whose data keeps changing.
const defaultLooks = 20

// pendingUser is a user with differences that nothing explains, and that may only be late.
type pendingUser struct {
	looks int
	// seen has what the last look saw of the documents that differ, by path.
	seen map[string]observation
}

// judge decides what the differences of a look at a user are: an unexplained one counts if the last look saw
// the same, because settle has waited for everything that was on its way then. It is safe for concurrent use.
func (c *comparer) judge(l *look, found []Difference) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.pending[l.uid]
	delete(c.pending, l.uid)
	now := &pendingUser{looks: 1, seen: map[string]observation{}}
	if last != nil {
		now.looks = last.looks + 1
	} else if !c.wholeUsers() { // a scan counts them itself
		c.report.Documents += l.converted()
	}
	confirmed := true
	for _, d := range found {
		if d.Expected {
			continue
		}
		now.seen[d.Path] = l.observe(d.Path)
		confirmed = confirmed && last != nil && last.saw(d.Path, now.seen[d.Path])
	}
	switch {
	case len(now.seen) == 0:
		if last != nil {
			c.report.Settled++
		}
	case c.Arrive == nil || confirmed && !c.stuck:
	case c.stuck || now.looks >= c.Looks:
		c.markUnconfirmed(l, found)
	default:
		c.pending[l.uid] = now
		return
	}
	for _, d := range found {
		c.addDifference(d)
	}
}

func (p *pendingUser) saw(path string, o observation) bool {
	last, ok := p.seen[path]
	return ok && last == o
}

// markUnconfirmed marks the differences of a user that were not seen twice.
func (c *comparer) markUnconfirmed(l *look, found []Difference) {
	for i := range found {
		d := &found[i]
		if d.Expected {
			continue
		}
		d.Unconfirmed = true
		if !c.stuck {
			d.Reason += fmt.Sprintf(": it kept changing in %d looks", c.Looks)
			continue
		}
		row, doc := l.rows[d.Path].document, l.documents[d.Path].Document
		late := "not yet followed"
		if row == nil && c.onNewSide[kindOf(d.Path)] || isNewer(doc, row) {
			late = "not yet written back"
		}
		d.Reason += ": " + late
	}
}

// isNewer reports whether a document was updated after another one.
func isNewer(a, b *conversion.Document) bool {
	first, ok1 := updatedAt(a)
	second, ok2 := updatedAt(b)
	return ok1 && ok2 && first.After(second)
}

// kindOf returns the kind of data that a document belongs to.
func kindOf(path string) schema.MigrationKind {
	switch collectionOf(path) {
	case schema.TimetableDocument.Collection(), schema.LectureDocument.Collection():
		return schema.MigrateTimetables
	case schema.SchoolDocument.Collection(), schema.SemesterDocument.Collection():
		return schema.MigrateSchools
	}
	return schema.MigrateAccounts
}

// settle inspects pending users again, each time after everything that was on its way has arrived. It ends
// when no user is pending, or, if final is false, when there is room for others.
func (c *comparer) settle(ctx context.Context, final bool) error {
	for len(c.pending) > 0 && (final || len(c.pending) > maxPending/2) {
		if !c.stuck {
			switch err := c.Arrive(ctx); {
			case errors.Is(err, ErrStuck):
				c.stuck = true
				c.report.Stuck = err.Error()
			case err != nil:
				return err
			}
		}
		if err := c.load(ctx); err != nil {
			return err
		}
		if err := c.inspectAll(ctx, slices.Sorted(maps.Keys(c.pending))); err != nil {
			return err
		}
		c.progress()
	}
	return nil
}

// addDifference adds a difference to the report. The caller holds the lock.
func (c *comparer) addDifference(d Difference) {
	c.report.add(d)
	if c.Found != nil {
		c.Found(d)
	}
}

// count adds the users of a range to the report.
func (c *comparer) count(users, documents, newUsers int, leftOut []Difference) {
	c.mu.Lock()
	c.report.Users += users
	c.report.Documents += documents
	c.report.NewUsers += newUsers
	for _, d := range leftOut {
		c.addDifference(d)
	}
	c.mu.Unlock()
	c.progress()
}

// progress reports the progress.
func (c *comparer) progress() {
	if c.Progress == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Progress(Progress{Users: c.report.Users, Total: c.total, Differences: c.report.Differences, Waiting: len(c.pending)})
}
