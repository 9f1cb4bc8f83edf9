package operator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"

	"heek.kr/heektime/internal/listdiff"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// Differences are what an operator compares before accepting a list that was held back.
type Differences struct {
	// Published is what the published list changed of the one before, nil if there are not two.
	Published *Difference `json:"published"`
	// HeldBack is what accepting the list that was held back would change of the published one, nil if none
	// is. Accepting requests the list from the school again, which may offer another by then.
	HeldBack *Difference `json:"heldBack"`
}

// Difference is what changed between two lists.
type Difference struct {
	Newer   Version  `json:"newer"`
	Older   Version  `json:"older"`
	Added   Lectures `json:"added"`
	Removed Lectures `json:"removed"`
	Changed Lectures `json:"changed"`
	Moved   Lectures `json:"moved"`
}

// Version is a list, and when it was published or held back.
type Version struct {
	At       time.Time `json:"at"`
	Lectures int       `json:"lectures"`
}

// Lectures are lectures that differ in the same way. Of a list that was held back, List may have only the
// first of them.
type Lectures struct {
	Count int       `json:"count"`
	List  []Lecture `json:"list"`
}

// Lecture is a lecture that differs. Changes describe each field that changed.
type Lecture struct {
	Identifier string   `json:"identifier"`
	Title      string   `json:"title"`
	Changes    []string `json:"changes,omitempty"`
}

// ErrNoOlderList means that a semester has not published two lists, or that the older one is gone, and that
// none is held back.
var ErrNoOlderList = errors.New("the semester has no older list to compare with")

// Compare compares the last two lists that a semester published, and the published list with one that was
// held back.
func Compare(ctx context.Context, client *firestore.Client, objects *storage.Client, school, semester string) (*Differences, error) {
	record, err := refresh.ReadRecord(ctx, client, school, schema.SemesterID(semester))
	if err != nil {
		return nil, err
	}
	var d Differences
	if held := record.HeldBack; !held.At.IsZero() {
		d.HeldBack = differenceOf(listdiff.Difference{Added: held.Added, Removed: held.Removed, Changed: held.Changed, Moved: held.Moved, Lectures: held.Lectures})
		d.HeldBack.Newer, d.HeldBack.Older = Version{held.At, held.After}, Version{Lectures: held.Before}
		if len(record.Published) > 0 {
			d.HeldBack.Older.At = record.Published[0].At
		}
	}
	if d.Published, err = comparePublished(ctx, objects, &record); err != nil && !(errors.Is(err, ErrNoOlderList) && d.HeldBack != nil) {
		return nil, err
	}
	return &d, nil
}

func comparePublished(ctx context.Context, objects *storage.Client, record *refresh.Record) (*Difference, error) {
	rest, _ := strings.CutPrefix(record.LastRun.URL, "gs://")
	name, _, _ := strings.Cut(rest, "/")
	if len(record.Published) < 2 || name == "" {
		return nil, ErrNoOlderList
	}
	read := liststore.From(objects.Bucket(name))
	newer, err := readList(ctx, read, record.Published[0])
	if err != nil {
		return nil, err
	}
	older, err := readList(ctx, read, record.Published[1])
	if err != nil {
		return nil, err
	}
	d := differenceOf(listdiff.Compare(older, newer))
	d.Newer = Version{record.Published[0].At, len(newer)}
	d.Older = Version{record.Published[1].At, len(older)}
	return d, nil
}

func readList(ctx context.Context, read liststore.Read, p schema.Published) (schema.CourseList, error) {
	body, err := read(ctx, p.Name)
	if errors.Is(err, liststore.ErrNone) {
		return nil, ErrNoOlderList
	}
	if err != nil {
		return nil, err
	}
	return schema.DecodeCourseList(bytes.NewReader(body))
}

func differenceOf(d listdiff.Difference) *Difference {
	of := func(kind schema.ChangeKind, count int) Lectures {
		l := Lectures{Count: count, List: []Lecture{}}
		for _, c := range d.Lectures {
			if c.Kind == kind {
				l.List = append(l.List, Lecture{c.Identifier, c.Title, describe(c)})
			}
		}
		return l
	}
	return &Difference{
		Added: of(schema.LectureAdded, d.Added), Removed: of(schema.LectureRemoved, d.Removed),
		Changed: of(schema.LectureChanged, d.Changed), Moved: of(schema.LectureMoved, d.Moved),
	}
}

// describe returns what each field of a lecture was and is.
func describe(c schema.LectureChange) (all []string) {
	if c.Kind == schema.LectureAdded || c.Kind == schema.LectureRemoved {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.After)) {
		all = append(all, fmt.Sprintf("%s: %s → %s", name, describeValue(c.Before[name]), describeValue(c.After[name])))
	}
	return all
}

// describeValue describes a field of a course list, as Firestore's client or package listdiff has it.
func describeValue(value any) string {
	switch v := value.(type) {
	case string:
		if v == "" {
			return "none"
		}
		return v
	case []any:
		if len(v) == 0 {
			return "none"
		}
		var parts []string
		for _, entry := range v {
			parts = append(parts, describeValue(entry))
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		l := schema.LectureOf(map[string]any{schema.FieldTimes: []any{v}, schema.FieldMetas: []any{v}})
		for _, t := range l.Times {
			weekday := time.Weekday((t.Weekday + 1) % 7).String()[:3]
			return strings.TrimSpace(fmt.Sprintf("%s %02d:%02d-%02d:%02d %s", weekday, t.TimeBegin/60, t.TimeBegin%60, t.TimeEnd/60, t.TimeEnd%60, t.Room))
		}
		for _, m := range l.Metas {
			return m.Name
		}
	}
	return fmt.Sprint(value)
}
