package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
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

// NewTask returns the task of a refresh that is due now, by [Now]: a run that is older than the last one does nothing.
// With accept, the list is published even if it looks suspicious.
func NewTask(school, semester string, accept bool, now time.Time) (refresh.Task, error) {
	task := refresh.Task{School: school, Semester: schema.SemesterID(semester), Slot: now.UTC().Truncate(time.Millisecond), Accept: accept}
	return task, task.Validate()
}
