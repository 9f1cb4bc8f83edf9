package reverse

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/schema"
)

// historySeeds is the number of random histories.
const historySeeds uint64 = 2

// Clients write anything that they can to Firestore, while the way back is killed, its connections are cut
// and PostgreSQL restarts. In the end the old database converts to exactly what has a place there.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range historySeeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			server := postgrestest.Start(t, nil)
			w := newWorldOn(t, server.NewDatabase(t, olddata.Schema))
			h := &history{w: w, random: rand.New(rand.NewPCG(seed, 2)), semester: w.semester(), hidden: map[string]map[string]any{}}
			stop := w.run()
			for range 5 {
				for range h.random.IntN(12) {
					h.write()
				}
				switch h.random.IntN(4) {
				case 0:
					stop()
					stop = w.run()
				case 1:
					w.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heektime reverse'")
				case 2:
					server.Kill()
					h.write()
					if err := server.Start(); err != nil {
						t.Fatal(err)
					}
					w.db.Pool.Reset()
				}
			}
			w.awaitComplete() // a page of users may bring one back before the timetables' pages bring theirs
			w.arrive()
			w.check()
			stop()
		})
	}
}

// history is a random sequence of writes.
type history struct {
	w        *world
	random   *rand.Rand
	semester *firestore.DocumentRef
	hidden   map[string]map[string]any // fields of hidden users, by path
}

// pick returns the path of some document, "" if there is none.
func (h *history) pick(docs map[string]*conversion.Document, description schema.Document) string {
	var paths []string
	for path := range docs {
		if d := schema.DocumentAt(path); d != nil && d.Path == description.Path {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return ""
	}
	slices.Sort(paths)
	return paths[h.random.IntN(len(paths))]
}

func (h *history) text(n int) string {
	letters := []rune("가나다abc ABC'\"\\\t한글🙂%_$1")
	text := make([]rune, h.random.IntN(n+1))
	for i := range text {
		text[i] = letters[h.random.IntN(len(letters))]
	}
	return string(text)
}

func (h *history) username(docs map[string]*conversion.Document) string {
	for {
		name := "학생" + fmt.Sprint(1000+h.random.IntN(200))
		taken := false
		for _, fields := range h.hidden {
			taken = taken || fields[schema.FieldUsername] == name
		}
		for _, d := range docs {
			taken = taken || d.Fields[schema.FieldUsername] == name
		}
		if !taken {
			return name
		}
	}
}

func (h *history) lecture() map[string]any {
	l := schema.Lecture{
		Identifier: h.text(10), Title: h.text(300), Professor: h.text(20), Credit: float64(h.random.IntN(13)) / 4,
		Category: []string{}, Times: []schema.LectureTime{}, Metas: []schema.LectureMeta{},
	}
	for range h.random.IntN(4) {
		begin := h.random.IntN(1400)
		l.Times = append(l.Times, schema.LectureTime{Weekday: h.random.IntN(7), TimeBegin: begin, TimeEnd: begin + 1 + h.random.IntN(39), Room: h.text(9)})
		l.Category = append(l.Category, "c"+h.text(5)) // an empty one has no place
		l.Metas = append(l.Metas, schema.Tag("t"+h.text(5)))
	}
	fields := l.NewFields()
	if h.random.IntN(4) == 0 {
		fields["color"] = h.text(7)
	}
	return fields
}

func (h *history) timetable() map[string]any {
	visibility := schema.Public
	if h.random.IntN(3) == 0 {
		visibility = schema.Private
	}
	return map[string]any{
		schema.FieldTitle: h.text(300), schema.FieldVisibility: string(visibility), schema.FieldSemester: h.semester,
		schema.FieldCreatedAt: firestore.ServerTimestamp, schema.FieldUpdatedAt: firestore.ServerTimestamp,
	}
}

// write makes one commit.
func (h *history) write() {
	w, docs := h.w, h.w.documents()
	user, timetable, lecture := h.pick(docs, schema.UserDocument), h.pick(docs, schema.TimetableDocument), h.pick(docs, schema.LectureDocument)
	if timetable == "" || lecture == "" || user == "" {
		return
	}
	lectureID := []string{uuid.NewString(), strings.ReplaceAll(uuid.NewString(), "-", "")[:20], lecture[strings.LastIndex(lecture, "/")+1:]}[h.random.IntN(3)]
	timetableID := []string{"ABCDE" + fmt.Sprint(10000+h.random.IntN(90000)), strings.ReplaceAll(uuid.NewString(), "-", ""), timetable[strings.LastIndex(timetable, "/")+1:]}[h.random.IntN(3)]
	switch h.random.IntN(14) {
	case 0:
		id := []string{uuid.NewString(), strings.ReplaceAll(uuid.NewString(), "-", "")[:28]}[h.random.IntN(2)]
		w.set(w.client.Doc("users/"+id), map[string]any{
			schema.FieldUsername: h.username(docs), schema.FieldCreatedAt: firestore.ServerTimestamp, schema.FieldUpdatedAt: firestore.ServerTimestamp,
		})
	case 1:
		w.update(user, firestore.Update{Path: schema.FieldUsername, Value: h.username(docs)})
	case 2:
		h.hide(user, docs[user].Fields)
	case 3:
		h.restore(docs)
	case 4, 5:
		w.set(w.client.Doc(user+"/timetables/"+timetableID), h.timetable())
	case 6:
		w.update(timetable, firestore.Update{Path: schema.FieldVisibility, Value: h.timetable()[schema.FieldVisibility]})
	case 7:
		w.update(timetable, firestore.Update{Path: schema.FieldTitle, Value: h.text(300)})
	case 8:
		w.delete(timetable)
		if h.random.IntN(2) == 0 {
			h.deleteBelow(docs, timetable)
		}
	case 9:
		w.delete(lecture)
	case 10, 11:
		w.set(w.client.Doc(timetable+"/lectures/"+lectureID), h.lecture())
	default:
		fields := h.lecture()
		delete(fields, schema.FieldCreatedAt)
		if _, err := w.client.Doc(lecture).Set(w.t.Context(), fields, firestore.MergeAll); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (h *history) deleteBelow(docs map[string]*conversion.Document, path string) {
	for below := range docs {
		if strings.HasPrefix(below, path+"/") {
			h.w.delete(below)
		}
	}
}

// hide moves a user into a pending deletion.
func (h *history) hide(path string, fields map[string]any) {
	user, deletion := h.refs(path)
	h.w.commit(func(tx *firestore.Transaction) error {
		return errors.Join(tx.Delete(user), tx.Set(deletion, map[string]any{schema.FieldUser: fields}))
	})
	h.hidden[path] = fields
}

// restore ends the pending deletion of some user, in one of the two ways.
func (h *history) restore(docs map[string]*conversion.Document) {
	if len(h.hidden) == 0 {
		return
	}
	path := slices.Sorted(maps.Keys(h.hidden))[0]
	fields := h.hidden[path]
	delete(h.hidden, path)
	user, deletion := h.refs(path)
	if h.random.IntN(3) == 0 {
		h.deleteBelow(docs, path)
		h.w.delete(schema.Path(deletion))
		return
	}
	h.w.commit(func(tx *firestore.Transaction) error {
		return errors.Join(tx.Set(user, fields), tx.Delete(deletion))
	})
}

func (h *history) refs(path string) (user, deletion *firestore.DocumentRef) {
	user = h.w.client.Doc(path)
	return user, schema.DeletionRef(h.w.client, user.ID)
}

// After an interruption of hours Firestore no longer knows what changed, so everything is compared.
func TestReconcilesAfterChangesWereLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := &history{w: w, random: rand.New(rand.NewPCG(1, 3)), semester: w.semester(), hidden: map[string]map[string]any{}}
	stop := w.run()
	w.arrive()
	stop()
	for range 40 {
		h.write()
	}
	var credential string
	for path := range w.converted() {
		if schema.DocumentAt(path).Path == schema.CredentialDocument.Path {
			credential = path
		}
	}
	w.delete(credential)
	w.cloud.Advance(t, 3*60*60*1e9)
	h.write()
	w.cloud.Advance(t, 3*60*60*1e9)
	for range 3 {
		h.write() // makes the server drop old versions
	}
	stop = w.run()
	w.awaitComplete()
	w.arrive()
	if !strings.Contains(w.log.String(), "reading all documents") {
		t.Fatal("Firestore still knew what changed")
	}
	w.check()
	if got := w.queryRow("SELECT count(*)::text FROM heektime_migration.passwords WHERE credential = $1", credential[strings.Index(credential, "/")+1:]); got != "0" {
		t.Error("the hash of a credential that is gone can still be used")
	}
	h.write()
	w.arrive()
	w.check()
	stop()
}
