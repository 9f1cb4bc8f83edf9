package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// Refresh is a semester and its last refresh.
type Refresh struct {
	School   string `json:"school"`
	Semester string `json:"semester"`
	refresh.Run
	// Failing is the series of runs that have published nothing since the last good list, nil after a good run.
	Failing *Failing `json:"failing,omitempty"`
}

// Failing is a series of failed or suspicious runs.
type Failing struct {
	Since time.Time `json:"since"`
	Runs  int       `json:"runs"`
	// Reported is when the service last logged that the list keeps failing, which is an alert; nil before.
	Reported *time.Time `json:"reported,omitempty"`
}

func failingOf(f schema.Failing) *Failing {
	if f.Runs == 0 {
		return nil
	}
	failing := &Failing{Since: f.Since, Runs: f.Runs}
	if !f.Reported.IsZero() {
		failing.Reported = &f.Reported
	}
	return failing
}

// Refreshes reads the last refresh of every semester.
func Refreshes(ctx context.Context, client *firestore.Client) ([]Refresh, error) {
	var list []Refresh
	schools := schema.RefreshedSchools(client).DocumentRefs(ctx)
	for {
		school, err := schools.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("list the refreshed schools: %w", err)
		}
		records, err := schema.Refreshes(school).Documents(ctx).GetAll()
		if err != nil {
			return nil, fmt.Errorf("list the refreshed semesters of %s: %w", school.ID, err)
		}
		for _, snap := range records {
			var r schema.Refresh
			if err := snap.DataTo(&r); err != nil {
				return nil, fmt.Errorf("decode %s: %w", snap.Ref.Path, err)
			}
			list = append(list, Refresh{school.ID, snap.Ref.ID, r.LastRun, failingOf(r.Failing)})
		}
	}
	slices.SortFunc(list, func(a, b Refresh) int {
		return cmp.Or(cmp.Compare(a.School, b.School), -cmp.Compare(a.Semester, b.Semester))
	})
	return list, nil
}

// NewTask returns the task of a refresh that is due now. With accept, the list is published even if it looks
// suspicious.
func NewTask(school, semester string, accept bool) (refresh.Task, error) {
	task := refresh.Task{
		School: school, Semester: schema.SemesterID(semester), Slot: time.Now().UTC().Truncate(time.Millisecond), Accept: accept,
	}
	return task, task.Validate()
}

// Difference is what a published course list changed of the one before.
type Difference struct {
	Newer   Version   `json:"newer"`
	Older   Version   `json:"older"`
	Added   []Lecture `json:"added"`
	Removed []Lecture `json:"removed"`
	Changed []Lecture `json:"changed"`
}

// Version is a published list.
type Version struct {
	At       time.Time `json:"at"`
	Lectures int       `json:"lectures"`
}

// Lecture names a lecture that differs. Fields are the JSON names of those that changed.
type Lecture struct {
	Identifier string   `json:"identifier"`
	Title      string   `json:"title"`
	Fields     []string `json:"fields,omitempty"`
}

// ErrNoOlderList means that a semester has not published two lists, or that the older one is gone.
var ErrNoOlderList = errors.New("the semester has no older list to compare with")

// Compare compares the last two lists that a semester published. A list that was held back as suspicious is
// not stored; the reason of its run describes it.
func Compare(ctx context.Context, client *firestore.Client, objects *storage.Client, school, semester string) (*Difference, error) {
	record, err := refresh.ReadRecord(ctx, client, school, schema.SemesterID(semester))
	switch {
	case err != nil:
		return nil, err
	case len(record.Published) < 2:
		return nil, ErrNoOlderList
	}
	rest, _ := strings.CutPrefix(record.LastRun.URL, "gs://")
	name, _, _ := strings.Cut(rest, "/")
	if name == "" {
		return nil, ErrNoOlderList
	}
	bucket := objects.Bucket(name)
	newer, err := readList(ctx, bucket, record.Published[0])
	if err != nil {
		return nil, err
	}
	older, err := readList(ctx, bucket, record.Published[1])
	if err != nil {
		return nil, err
	}
	d := compareLists(older, newer)
	d.Newer = Version{record.Published[0].At, len(newer)}
	d.Older = Version{record.Published[1].At, len(older)}
	return d, nil
}

// maxList bounds a list, in bytes. The largest known has ten megabytes.
const maxList = 64 << 20

func readList(ctx context.Context, bucket *storage.BucketHandle, p schema.Published) (schema.CourseList, error) {
	r, err := bucket.Object(p.Name).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, ErrNoOlderList
	}
	if err != nil {
		return nil, fmt.Errorf("read the list %s: %w", p.Name, err)
	}
	defer r.Close()
	return schema.DecodeCourseList(io.LimitReader(r, maxList))
}

// compareLists compares two lists by identifier.
func compareLists(older, newer schema.CourseList) *Difference {
	d := &Difference{Added: []Lecture{}, Removed: []Lecture{}, Changed: []Lecture{}}
	before := map[string]schema.Lecture{}
	for _, l := range older {
		before[l.Identifier] = l
	}
	for _, l := range newer {
		old, ok := before[l.Identifier]
		delete(before, l.Identifier)
		if !ok {
			d.Added = append(d.Added, Lecture{l.Identifier, l.Title, nil})
		} else if fields := changedFields(old, l); len(fields) > 0 {
			d.Changed = append(d.Changed, Lecture{l.Identifier, l.Title, fields})
		}
	}
	for _, l := range older {
		if _, gone := before[l.Identifier]; gone {
			d.Removed = append(d.Removed, Lecture{l.Identifier, l.Title, nil})
		}
	}
	return d
}

func changedFields(a, b schema.Lecture) (names []string) {
	va, vb := reflect.ValueOf(a.Complete()), reflect.ValueOf(b.Complete())
	for i := range va.NumField() {
		if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}
