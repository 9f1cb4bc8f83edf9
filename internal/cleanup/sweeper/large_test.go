package sweeper_test

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
)

// largeSweeper returns a sweeper for which so many documents of an account are too many.
func (w *world) largeSweeper(t *testing.T, documents, operations int) *sweeper.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	d, err := deletion.New(deletion.Config{Firestore: w.fs, Accounts: w.accounts, Log: log, Now: w.Clock.Now})
	must(t, err)
	s, err := sweeper.New(sweeper.Config{
		Firestore: w.fs, Accounts: w.accounts, Bucket: storageclient.New(t, w.StorageAddress()).Bucket(w.Project), Deletion: d, Log: log,
		Operations: operations, Documents: documents, Now: w.Clock.Now,
	})
	must(t, err)
	return s
}

// seedUser creates a user with timetables of lectures.
func (w *world) seedUser(t *testing.T, uid string, timetables, lectures int) {
	t.Helper()
	w.account(t, uid)
	docs := emulatortest.Docs{}
	for i := range timetables {
		timetable := fmt.Sprintf("users/%s/timetables/timetable%d", uid, i)
		docs[timetable] = data{"title": "시간표"}
		for n := range lectures {
			docs[fmt.Sprintf("%s/lectures/lecture%d", timetable, n)] = data{"title": "강의"}
		}
	}
	w.Seed(t, docs)
}

// Large accounts are found wherever their uids are: among many that are together larger, next to each other, with characters
// that Authentication does not choose, with timetables and no lectures.
func TestLargeAccounts(t *testing.T) {
	w := newWorld(t)
	want := []string{}
	for _, uid := range []string{"-", "AAAAAAAAAAAA", "AAAAAAAAAAAA0", "c0ffee00-4b7d-4e6a-9c3b-2d8e7f6a5b4c", "kkkkkkkkkk", "한글"} {
		w.seedUser(t, uid, 3, 7)
		want = append(want, "users/"+uid+" has more than 23 timetables and lectures")
	}
	w.seedUser(t, "onlytimetables", 24, 0)
	want = append(want, "users/onlytimetables has more than 23 timetables and lectures")
	slices.Sort(want)
	for i := range 60 {
		w.seedUser(t, fmt.Sprintf("%c%d-student", "0Aakz가"[i%6], i), 2, 10)
	}
	report, err := w.largeSweeper(t, 23, 20_000).Sweep(t.Context())
	must(t, err)
	if slices.Sort(report.Examples); !reflect.DeepEqual(report.Examples, want) {
		t.Errorf("the sweep names %q, want %q", report.Examples, want)
	}
	for _, uid := range []string{"AAAAAAAAAAAA", "kkkkkkkkkk"} { // one is blocked, the other about to be deleted
		_, err := w.fs.Doc("deletions/"+uid).Set(t.Context(), data{"blocked": true})
		must(t, err)
	}
	report, err = w.largeSweeper(t, 23, 20_000).Sweep(t.Context())
	must(t, err)
	if len(report.Examples) != len(want)-2 {
		t.Errorf("with two accounts blocked, the sweep names %q", report.Examples)
	}
}

// In a project without large accounts, looking for them costs two reads. Where there are more documents than an account may have,
// a run uses at most half of its operations, and the next ones continue.
func TestLargeAccountsCost(t *testing.T) {
	w := newWorld(t)
	w.seedUser(t, "student", 2, 10)
	const others = 20 // of the other stages: the user, their timetables, the stages' queries, the run's own document
	cost := emulatortest.CostOf(w.Measure(t, func() {
		_, err := w.largeSweeper(t, 22, 0).Sweep(t.Context())
		must(t, err)
	}))
	if cost.Reads > 2+others {
		t.Errorf("a sweep without large accounts costs %v, want at most %d reads", cost, 2+others)
	}
	for i := range 80 {
		w.seedUser(t, fmt.Sprintf("%c%d", "0AZaz"[i%5], i), 1, 10)
	}
	w.seedUser(t, "zzzzzz", 1, 40)
	const operations = 500
	s := w.largeSweeper(t, 22, operations)
	for run := 1; ; run++ {
		report, err := s.Sweep(t.Context())
		must(t, err)
		if report.Operations > operations {
			t.Errorf("run %d bills %d operations, at most %d are allowed", run, report.Operations, operations)
		}
		if slices.Contains(report.Examples, "users/zzzzzz has more than 22 timetables and lectures") {
			if run == 1 {
				t.Error("the first run finds the last account: it shows nothing about the next ones")
			}
			return
		}
		if run == 20 {
			t.Fatal("20 runs do not find the account")
		}
	}
}
