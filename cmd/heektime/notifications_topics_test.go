package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/tasks"
	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/longtest"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/subscriptions"
	"heek.kr/heektime/internal/taskqueue"
)

// topicsHistory is what users do with timetables and devices at random, while events and tasks arrive twice, late and
// in any order.
type topicsHistory struct {
	*notificationWorld
	random   *rand.Rand
	service  *subscriptions.Service
	students []*topicsStudent
	devices  []*topicsDevice
}

// topicsStudent is a user with timetables: the codes of lectures by the ID of the timetable and of the lecture.
type topicsStudent struct {
	ref        *firestore.DocumentRef
	timetables map[string]map[string]string
}

// topicsDevice is a device and who has subscribed it last, nil if nobody is.
type topicsDevice struct {
	token    string
	language schema.Language
	owner    *topicsStudent
}

// Whatever users do and however often, late and out of order the events of it arrive: in the end a device has the
// topics of the timetables of its user, as they stand in Firestore.
func TestTopicsFollowInAnyOrder(t *testing.T) {
	h := &topicsHistory{notificationWorld: newNotificationWorld(t, 5)}
	clients := gcp.NewClients(h.Cloud.Project, gcp.DefaultDatabase)
	t.Cleanup(func() { clients.Close() })
	var err error
	h.service, err = subscriptions.New(subscriptions.Config{
		Firestore: h.fs, Accounts: clients.Authentication(t.Context(), ""), Log: slog.New(slog.DiscardHandler), Now: h.clock.Now,
		Queue: &taskqueue.Queue{
			Client: h.Queue.Client, Name: deployment.Table().QueueName(h.Cloud.Project, deployment.TopicsQueue), URL: h.URLs["push"], Audience: h.URLs["push"],
			ServiceAccount: h.Queue.ServiceAccount,
		},
	})
	h.check(err)
	histories := uint64(2)
	if longtest.Enabled() {
		histories = 10
	}
	for seed := range histories {
		h.run(seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (h *topicsHistory) run(seed uint64) {
	h.random = rand.New(rand.NewPCG(seed, 1))
	h.Cloud.Triggers.SetFaults(triggers.Faults{Twice: true, Shuffle: true, Delay: 40 * time.Second, Seed: seed})
	h.Cloud.Tasks.SetFaults(tasks.Faults{Twice: true, Shuffle: true, Seed: seed})
	h.students, h.devices = nil, nil
	for i := range 6 {
		s := &topicsStudent{ref: schema.UserRef(h.fs, fmt.Sprintf("student-%d-%d", seed, i)), timetables: map[string]map[string]string{}}
		h.students = append(h.students, s)
		h.addTimetable(s, "kept")
		h.devices = append(h.devices, &topicsDevice{token: h.device(), language: schema.Korean})
	}
	for range 150 {
		h.step()
		if h.random.IntN(2) == 0 {
			h.advance(time.Duration(h.random.IntN(20_000)) * time.Millisecond)
		}
	}
	h.settle()
	for i, d := range h.devices {
		want := []string{}
		if d.owner != nil {
			want = d.owner.topics(h.semester, d.language)
		}
		if is, _ := h.Cloud.Messages().Device(d.token); !slices.Equal(is.Topics, want) {
			h.t.Errorf("device %d has the topics %v, want %v", i, is.Topics, want)
		}
	}
}

// advance lets time pass, but not while a task is running: a task must not take longer than its lease. Events that
// are delayed wait.
func (h *topicsHistory) advance(d time.Duration) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), hangTimeout)
	defer cancel()
	h.check(h.Cloud.Tasks.Idle(ctx))
	h.clock.Advance(d)
}

// settle waits until everything has arrived, retries included.
func (h *topicsHistory) settle() {
	h.t.Helper()
	h.Cloud.Triggers.SetFaults(triggers.Faults{})
	h.Cloud.Tasks.SetFaults(tasks.Faults{})
	ctx, cancel := context.WithTimeout(h.t.Context(), hangTimeout)
	defer cancel()
	h.check(h.Cloud.Firestore.Settle(ctx))
	h.advance(time.Minute) // more than any delay
	for range 4 {
		h.check(h.Cloud.Advance(ctx, 35*time.Minute))
	}
}

// step does one thing at random.
func (h *topicsHistory) step() {
	s := h.students[h.random.IntN(len(h.students))]
	d := h.devices[h.random.IntN(len(h.devices))]
	ids := slices.Sorted(maps.Keys(s.timetables))
	timetable := ids[h.random.IntN(len(ids))]
	lecture := fmt.Sprint("l", h.random.IntN(4))
	switch h.random.IntN(10) {
	case 0, 1, 2, 3:
		h.setLecture(s, timetable, lecture)
	case 4, 5:
		_, err := schema.LectureRef(schema.TimetableRef(s.ref, timetable), lecture).Delete(h.t.Context())
		h.check(err)
		delete(s.timetables[timetable], lecture)
	case 6:
		if timetable != "kept" {
			_, err := schema.TimetableRef(s.ref, timetable).Delete(h.t.Context())
			h.check(err)
			delete(s.timetables, timetable)
			return
		}
		h.addTimetable(s, fmt.Sprint("t", h.random.IntN(1_000_000)))
	case 7, 8:
		d.language = topic.Languages()[h.random.IntN(2)]
		h.try(func() error { _, err := h.service.Subscribe(h.t.Context(), s.ref.ID, d.token, d.language); return err })
		d.owner = s
	case 9:
		if d.owner != nil {
			h.try(func() error { return h.service.Unsubscribe(h.t.Context(), d.owner.ref.ID, subscriptions.ID(d.token)) })
			d.owner = nil
		}
	}
}

// try does something that a client repeats until it succeeds.
func (h *topicsHistory) try(do func() error) {
	h.t.Helper()
	var err error
	for range 20 {
		if err = do(); err == nil {
			return
		}
		h.advance(time.Second)
	}
	h.check(err)
}

// addTimetable adds a timetable with a lecture. Its events make the topics follow.
func (h *topicsHistory) addTimetable(s *topicsStudent, id string) {
	h.t.Helper()
	_, err := schema.TimetableRef(s.ref, id).Set(h.t.Context(), stored(map[string]any{
		"title": "시간표", "visibility": "private", "semester": schema.SemesterRef(h.fs, gaon, h.semester),
	}))
	h.check(err)
	s.timetables[id] = map[string]string{}
	h.setLecture(s, id, "l0")
}

// setLecture adds a lecture, or replaces it by another.
func (h *topicsHistory) setLecture(s *topicsStudent, timetable, id string) {
	h.t.Helper()
	code := fmt.Sprintf("GAON%03d", h.random.IntN(30))
	_, err := schema.LectureRef(schema.TimetableRef(s.ref, timetable), id).Set(h.t.Context(), stored(map[string]any{"identifier": code, "title": code}))
	h.check(err)
	s.timetables[timetable][id] = code
}

// topics returns the topics of the student's devices.
func (s *topicsStudent) topics(semester schema.SemesterID, language schema.Language) []string {
	names := []string{topic.Announcements.In(language), topic.School(gaon).In(language)}
	for _, lectures := range s.timetables {
		for _, code := range lectures {
			names = append(names, topic.Lecture(gaon, semester, code).In(language))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
