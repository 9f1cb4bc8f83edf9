package refresh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"heek.kr/heektime/internal/listdelta"
	"heek.kr/heektime/internal/listdiff"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/schema"
)

const (
	// changeRetention is how long a change's document is kept: a semester.
	changeRetention = 120 * 24 * time.Hour
	// repeatsWithin is the time in which changes of one lecture count as repetitions.
	repeatsWithin = 24 * time.Hour
	// maxRecent bounds the lectures whose repetitions are counted. A list in which more change within a day
	// is a new list for everybody.
	maxRecent = 500
)

// comparison is how a list that is to be published differs from the published one. It is made before the
// transaction that publishes, because it loads lists from Cloud Storage.
type comparison struct {
	published  string // hash of the published list, "" if there is none
	from       string // its address, "" if there is none or it could not be read
	before     int    // lectures in it
	delta      string // address of the delta, "" if there is none
	difference listdiff.Difference
	heldBack   bool // not compared: the record has the difference, from an earlier run
}

// errOtherList is returned by tryPublish if the published list is not the one that was compared with,
// because another run has published.
var errOtherList = errors.New("another list was published meanwhile")

// hashOfPublished returns the hash of the published list, "" if there is none.
func hashOfPublished(r *Record) string {
	if len(r.Published) == 0 {
		return ""
	}
	return r.Published[0].Hash
}

// prepare stores a new list and the deltas to it, and compares it with the published one. A list that is
// going to be held back is only compared.
//
// Everything is stored before anything refers to it, and clients that hear of the list find its deltas. If
// the process dies in between, the next run finds them, or the clean-up removes them.
func (s *Service) prepare(ctx context.Context, t target, l list, r *Record) (*comparison, error) {
	c := &comparison{published: hashOfPublished(r)}
	if c.published == l.hash {
		return c, nil
	}
	hold := !l.accept && suspicion(r, l, t.school.Loss()) != ""
	if hold && r.HeldBack.To == s.url(l.name) && len(r.Published) > 0 && r.HeldBack.From == s.url(r.Published[0].Name) {
		c.from, c.heldBack = r.HeldBack.From, true
		return c, nil
	}
	if !hold {
		// Otherwise the transaction would find the list missing and have to start over.
		if err := s.upload(ctx, l.name, l.encoded); err != nil {
			return nil, err
		}
	}
	older := predecessors(r, l.hash)
	if hold {
		older = older[:min(1, len(older))]
	}
	for i, p := range older {
		from, err := s.load(ctx, p)
		if errors.Is(err, errNoObject) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if err := c.compare(from, l); err != nil {
				return nil, err
			}
			c.from = s.url(p.Name)
		}
		if hold {
			continue
		}
		name, err := s.storeDelta(ctx, p.Name, from, l.name, l.body)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			c.delta = s.url(name)
		}
	}
	if c.from == "" {
		c.difference = listdiff.Compare(nil, l.lectureList)
	}
	return c, nil
}

// predecessors returns the lists from which deltas lead to the list with this hash once it is published, the
// newest first.
func predecessors(r *Record, hash string) []Published {
	older := slices.DeleteFunc(slices.Clone(r.Published), func(p Published) bool { return p.Hash == hash })
	return older[:min(keptLists-1, len(older))]
}

// compare compares the published list, as JSON, with a new one.
func (c *comparison) compare(published []byte, l list) error {
	from, err := schema.DecodeCourseList(bytes.NewReader(published))
	if err != nil {
		return err
	}
	c.before, c.difference = len(from), listdiff.Compare(from, l.lectureList)
	return nil
}

// load returns a published list as JSON, or errNoObject if it is gone or not what was published.
func (s *Service) load(ctx context.Context, p Published) ([]byte, error) {
	body, err := s.read(ctx, p.Name)
	switch {
	case errors.Is(err, liststore.ErrNone):
		return nil, errNoObject
	case errors.Is(err, liststore.ErrDamaged), err == nil && listdelta.Hash(body) != p.Hash:
		s.log.ErrorContext(ctx, "a published list has other content", "object", p.Name)
		return nil, errNoObject
	}
	return body, err
}

// storeDelta stores the delta between two lists unless it exists, and returns its name.
func (s *Service) storeDelta(ctx context.Context, fromName string, from []byte, toName string, to []byte) (string, error) {
	delta, err := listdelta.Make(from, to)
	if err != nil {
		return "", fmt.Errorf("make the delta from %s to %s: %w", fromName, toName, err)
	}
	body, name := delta.Encode(), schema.DeltaName(fromName, toName)
	stored, err := zip(body)
	if err != nil {
		return "", err
	}
	return name, s.create(ctx, name, listdelta.Hash(body), stored)
}

// change returns what the document of a publication says.
func (s *Service) change(c *comparison, l list, r *Record, at time.Time) Change {
	d := c.difference
	change := Change{
		At: at, From: c.from, To: s.url(l.name), Delta: c.delta, Before: c.before, After: l.lectures,
		Added: d.Added, Removed: d.Removed, Changed: d.Changed, Moved: d.Moved, Expires: at.Add(changeRetention),
		Lectures: []schema.LectureChange{}, // clients expect a list
	}
	if n := fitting(d.Lectures); n == len(d.Lectures) {
		change.Complete, change.Lectures = true, append(change.Lectures, d.Lectures...)
		if c.from != "" { // otherwise, every lecture is new
			countRepeats(r, change.Lectures, at)
		}
	}
	return change
}

// heldBack returns how a list that is held back differs from the published one.
func (s *Service) heldBack(c *comparison, l list, at time.Time) Change {
	change := s.change(c, l, &Record{}, at)
	change.Lectures = c.difference.Lectures[:fitting(c.difference.Lectures)]
	return change
}

// fitting returns how many of the lectures fit into a document.
func fitting(lectures []schema.LectureChange) (n int) {
	size := 0
	for n < min(len(lectures), schema.MaxChangeLectures) {
		text, err := json.Marshal(lectures[n])
		if size += len(text); err != nil || size > schema.MaxChangeBytes {
			break
		}
		n++
	}
	return n
}

// countRepeats sets how often each lecture changed in the last 24 hours, and records this change. A lecture
// that moved has the changes of its former identifier, too.
func countRepeats(r *Record, lectures []schema.LectureChange, at time.Time) {
	recent := map[string][]time.Time{}
	for _, c := range r.Recent {
		times := slices.DeleteFunc(slices.Clone(c.Times), func(t time.Time) bool { return at.Sub(t) >= repeatsWithin })
		if len(times) > 0 {
			recent[c.Identifier] = times
		}
	}
	var now []schema.RecentChange
	for i := range lectures {
		l := &lectures[i]
		keys := []string{l.Identifier}
		if l.Kind == schema.LectureMoved {
			keys = append(keys, l.Before[schema.FieldIdentifier].(string))
		}
		for _, key := range keys {
			l.Repeats = max(l.Repeats, min(len(recent[key]), schema.MaxRepeats))
		}
		for _, key := range keys {
			times := append(recent[key], at)
			if more := len(times) - schema.MaxRepeats; more > 0 {
				times = times[more:]
			}
			now = append(now, schema.RecentChange{Identifier: key, Times: times})
		}
	}
	kept := slices.DeleteFunc(slices.Clone(r.Recent), func(c schema.RecentChange) bool {
		return recent[c.Identifier] == nil || slices.ContainsFunc(now, func(n schema.RecentChange) bool { return n.Identifier == c.Identifier })
	})
	for i := range kept {
		kept[i].Times = recent[kept[i].Identifier]
	}
	r.Recent = append(kept, now...)
	if more := len(r.Recent) - maxRecent; more > 0 {
		r.Recent = r.Recent[more:]
	}
}
