package reverse

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/schema"
)

// forgetful is a Firestore that does not report deletions of one sort and, when asked to, counts the documents
// before the next point, as Firestore does after an interruption.
type forgetful struct {
	inner  Listener
	forget string // "/lectures/"

	mu     sync.Mutex
	counts []*firestorepb.ExistenceFilter
}

func (f *forgetful) listen(ctx context.Context) (firestorepb.Firestore_ListenClient, error) {
	s, err := f.inner(ctx)
	return &forgetfulStream{Firestore_ListenClient: s, f: f}, err
}

// count sends a count. The target is the number of a target, from 1.
func (f *forgetful) count(target, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts = append(f.counts, &firestorepb.ExistenceFilter{TargetId: int32(target), Count: int32(n)})
}

type forgetfulStream struct {
	firestorepb.Firestore_ListenClient
	f    *forgetful
	next *firestorepb.ListenResponse
}

func (s *forgetfulStream) Recv() (*firestorepb.ListenResponse, error) {
	for {
		response := s.next
		s.next = nil
		if response == nil {
			var err error
			if response, err = s.Firestore_ListenClient.Recv(); err != nil {
				return nil, err
			}
		}
		s.f.mu.Lock()
		if d, ok := response.ResponseType.(*firestorepb.ListenResponse_DocumentDelete); ok && s.f.forget != "" && strings.Contains(d.DocumentDelete.Document, s.f.forget) {
			s.f.mu.Unlock()
			continue
		}
		if len(s.f.counts) > 0 {
			filter := s.f.counts[0]
			s.f.counts = s.f.counts[1:]
			s.next = response
			response = &firestorepb.ListenResponse{ResponseType: &firestorepb.ListenResponse_Filter{Filter: filter}}
		}
		s.f.mu.Unlock()
		return response, nil
	}
}

// The targets of a stream, see [runner.targets].
const (
	usersTarget = iota + 2
	credentialsTarget
	deletionsTarget
	timetablesTarget
	lecturesTarget
)

// inCollection counts the documents of a collection group.
func (w *world) inCollection(d schema.Document) (n int) {
	w.t.Helper()
	for path := range w.documents() {
		if schema.DocumentAt(path).Path == d.Path {
			n++
		}
	}
	return n
}

const readingAgain = "reading documents again"

// A count that agrees with what is known makes nobody read anything; one that does not makes the way back read that
// collection, and only that one.
func TestCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &forgetful{inner: w.listener, forget: "/lectures/"}
	w.run(func(cfg *Config) { cfg.Listener = f.listen })
	user := strings.Join(strings.Split(w.anyPath(schema.LectureDocument), "/")[:2], "/")
	w.newTimetable(user+"/timetables/PRIVATE123", schema.Private)
	w.newLecture(user+"/timetables/PRIVATE123/lectures/x", "private")
	w.awaitComplete()
	w.arrive()
	f.count(usersTarget, w.inCollection(schema.UserDocument))
	f.count(credentialsTarget, 0)
	f.count(deletionsTarget, 0)
	f.count(timetablesTarget, w.inCollection(schema.TimetableDocument))
	f.count(lecturesTarget, w.inCollection(schema.LectureDocument))
	w.arrive()
	w.arrive()
	if strings.Contains(w.log.String(), readingAgain) || strings.Contains(w.log.String(), "reading all documents") {
		t.Fatalf("counts that agree made it read:\n%s", w.log)
	}

	lecture := w.anyPath(schema.LectureDocument)
	w.delete(lecture)
	w.delete(user + "/timetables/PRIVATE123/lectures/x")
	w.arrive()
	key := conversion.LectureKey(lecture)
	if got := w.queryRow("SELECT count(*)::text FROM lectures WHERE id::text = $1", key); got != "1" {
		t.Fatal("the deletion was reported")
	}
	f.count(timetablesTarget, w.inCollection(schema.TimetableDocument))
	f.count(lecturesTarget, w.inCollection(schema.LectureDocument))
	w.arrive()
	w.arrive()
	w.check()
	log := w.log.String()
	if strings.Count(log, readingAgain) != 1 || !strings.Contains(log, "collection=lectures") || strings.Contains(log, "reading all documents") {
		t.Errorf("it did not read lectures, or not only those:\n%s", log)
	}
	if got := w.queryRow("SELECT count(*)::text FROM heektime_migration.aside WHERE path LIKE '%/PRIVATE123/lectures/%'"); got != "0" {
		t.Error("a lecture that is gone is kept aside")
	}
}

// interrupting calls do once, when a text is logged.
type interrupting struct {
	io.Writer
	at   string
	once sync.Once
	do   func()
}

func (i *interrupting) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(i.at)) {
		i.once.Do(i.do)
	}
	return i.Writer.Write(p)
}

// If the way back is interrupted before it has compared the counts, it finds the deletions again.
func TestInterruptedCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &forgetful{inner: w.listener, forget: "/lectures/"}
	log := &interrupting{Writer: w.log, at: readingAgain, do: func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forget = "" // a stream that starts before the counts has the deletions again, or counts again
		w.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heektime reverse' AND datname = current_database()")
	}}
	w.run(func(cfg *Config) { cfg.Listener, cfg.Log = f.listen, slog.New(slog.NewTextHandler(log, nil)) })
	w.awaitComplete()
	w.delete(w.anyPath(schema.LectureDocument))
	f.count(lecturesTarget, w.inCollection(schema.LectureDocument))
	w.arrive()
	w.arrive()
	w.check()
	if !strings.Contains(w.log.String(), readingAgain) {
		t.Error("nothing was interrupted")
	}
}

// What the old database cannot know does not make it read the collection each time.
func TestCountsOfUnknownDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &forgetful{inner: w.listener}
	w.run(func(cfg *Config) { cfg.Listener = f.listen })
	w.awaitComplete()
	w.set(w.client.Doc("elsewhere/e/lectures/l"), map[string]any{"title": "not ours"})
	for range 3 {
		f.count(lecturesTarget, w.inCollectionGroup("lectures"))
		w.arrive()
		w.arrive()
	}
	w.check()
	if got := strings.Count(w.log.String(), readingAgain); got != 1 {
		t.Errorf("it read the documents %d times, want 1\n%s", got, w.log)
	}
}

// inCollectionGroup counts all documents of a collection group.
func (w *world) inCollectionGroup(id string) int {
	w.t.Helper()
	docs, err := w.client.CollectionGroup(id).Documents(w.t.Context()).GetAll()
	if err != nil {
		w.t.Fatal(err)
	}
	return len(docs)
}
