package deletion_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/api/iterator"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
	"heek.kr/heektime/internal/oidcauth"
)

// world is a local cloud with the project's rules and indexes.
type world struct {
	*emulatortest.Cloud
	fs       *firestore.Client
	accounts *firebaseauth.Client
	log      *logtest.Lines
}

func newWorld(t testing.TB) *world {
	t.Helper()
	rules, err := os.ReadFile("../../firestore.rules")
	if err != nil {
		t.Fatal(err)
	}
	indexes, err := os.ReadFile("../../firestore.indexes.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Cloud: emulatortest.Start(t, func(c *emulator.Config) { c.Rules, c.Indexes = rules, indexes }), log: &logtest.Lines{}}
	w.fs = w.FirestoreClient(t)
	w.accounts = authclient.New(t, w.Project, w.AuthAddress())
	w.set(t, semesterPath, map[string]any{"year": 2026, "term": "2학기", "status": "normal", "periods": []any{}})
	return w
}

const semesterPath = "schools/korea/semesters/2026-0900"

// service returns a deletion service with a Firestore client of its own.
func (w *world) service(t testing.TB) *deletion.Service {
	t.Helper()
	return w.serviceWith(t, w.FirestoreClient(t), w.accounts)
}

func (w *world) serviceWith(t testing.TB, fs *firestore.Client, accounts *firebaseauth.Client) *deletion.Service {
	t.Helper()
	s, err := deletion.New(deletion.Config{Firestore: fs, Accounts: accounts, Log: logging.New(w.log, w.Project), Now: w.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// faultyService returns a deletion service with a fault at call at, and the context to call it with.
func (w *world) faultyService(t testing.TB, kind faulttest.Fault, at int) (*deletion.Service, *faulttest.Process, context.Context) {
	t.Helper()
	p, ctx := faulttest.New(t.Context(), kind, at)
	proxy := p.Proxy(w.AuthAddress())
	t.Cleanup(proxy.Close)
	accounts := authclient.New(t, w.Project, strings.TrimPrefix(proxy.URL, "http://"))
	return w.serviceWith(t, w.FirestoreClient(t, p.DialOptions()...), accounts), p, ctx
}

const eventarc = "heektime-eventarc@demo-test.iam.gserviceaccount.com"

// Names of the triggers.
const timetableDeleted, userDeleted = "timetable-deleted", "user-deleted"

// function serves a function and returns its URL.
func (w *world) function(t testing.TB, name string, handle cloudevent.Handle) string {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	callers, err := oidcauth.NewChecker(oidcauth.Config{Audience: srv.URL, Allowed: []string{eventarc}, CertsURL: w.CertsURL()})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", &cloudevent.Handler{
		Name: name, Project: w.Project, Database: "(default)", Callers: callers, Handle: handle, Log: logging.New(w.log, w.Project), Now: w.Clock.Now,
	})
	return srv.URL
}

// deleted returns the event of a deleted document.
func (w *world) deleted(id, path string) cloudevents.Event {
	data, err := proto.Marshal(&firestoredata.DocumentEventData{
		OldValue: &firestoredata.Document{Name: "projects/" + w.Project + "/databases/(default)/documents/" + path},
	})
	if err != nil {
		panic(err)
	}
	e := cloudevents.NewEvent()
	e.SetID(id)
	e.SetType(cloudevent.Deleted)
	e.SetSource("//firestore.googleapis.com/projects/" + w.Project + "/databases/(default)")
	e.SetSubject("documents/" + path)
	e.SetTime(w.Clock.Now())
	if err := e.SetData("application/protobuf", data); err != nil {
		panic(err)
	}
	return e
}

// deliver posts an event as Eventarc does. It returns the response's status, or 0 if there is none.
func (w *world) deliver(t testing.TB, url string, e cloudevents.Event) int {
	t.Helper()
	token, err := w.Identity.IDToken(t.Context(), eventarc, url)
	if err != nil {
		t.Fatal(err)
	}
	r, err := cloudevents.NewHTTPRequestFromEvent(t.Context(), url, e)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return post(t, r)
}

func post(t testing.TB, r *http.Request) int {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func (w *world) set(t testing.TB, path string, data map[string]any) {
	t.Helper()
	if _, err := w.fs.Doc(path).Set(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

func (w *world) exists(t testing.TB, path string) bool {
	t.Helper()
	docs, err := w.fs.GetAll(t.Context(), []*firestore.DocumentRef{w.fs.Doc(path)})
	if err != nil {
		t.Fatal(err)
	}
	return docs[0].Exists()
}

// all returns the paths of all documents in collections with a name.
func (w *world) all(t testing.TB, collection string) (paths []string) {
	t.Helper()
	for docs := w.fs.CollectionGroup(collection).Documents(t.Context()); ; {
		doc, err := docs.Next()
		if errors.Is(err, iterator.Done) {
			return paths
		}
		if err != nil {
			t.Fatal(err)
		}
		_, path, _ := strings.Cut(doc.Ref.Path, "/documents/")
		paths = append(paths, path)
	}
}

// person is a user of the app: an account and a client that is subject to the rules.
type person struct {
	*firestore.Client
	uid string
}

// signUp creates an account and claims a username as a client does.
func (w *world) signUp(t testing.TB, uid, username string) person {
	t.Helper()
	w.account(t, uid)
	p := person{w.FirestoreClientAs(t, uid, nil), uid}
	if err := p.claim(t.Context(), username); err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) account(t testing.TB, uid string) {
	t.Helper()
	user := (&firebaseauth.UserToCreate{}).UID(uid).Email(uid + "@example.com").Password("password")
	if _, err := w.accounts.CreateUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
}

func (w *world) hasAccount(t testing.TB, uid string) bool {
	t.Helper()
	_, err := w.accounts.GetUser(t.Context(), uid)
	if err != nil && !firebaseauth.IsUserNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

func usernamePath(name string) string { return "indices/user/usernames/" + name }

func (p person) claim(ctx context.Context, name string) error {
	return p.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		if _, err := tx.GetAll([]*firestore.DocumentRef{p.Doc(usernamePath(name))}); err != nil {
			return err
		}
		if err := tx.Set(p.Doc("users/"+p.uid), map[string]any{
			"username": name, "createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp}); err != nil {
			return err
		}
		return tx.Set(p.Doc(usernamePath(name)), map[string]any{"value": p.uid})
	})
}

func (p person) rename(ctx context.Context, from, to string) error {
	return p.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		return errors.Join(
			tx.Update(p.Doc("users/"+p.uid), []firestore.Update{{Path: "username", Value: to}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}),
			tx.Delete(p.Doc(usernamePath(from))),
			tx.Set(p.Doc(usernamePath(to)), map[string]any{"value": p.uid}))
	})
}

func (p person) timetable(id string) *firestore.DocumentRef {
	return p.Doc("users/" + p.uid + "/timetables/" + id)
}

func (p person) addTimetable(ctx context.Context, id string) error {
	_, err := p.timetable(id).Set(ctx, p.timetableFields())
	return err
}

func (p person) timetableFields() map[string]any {
	return map[string]any{"title": "t", "visibility": "public", "semester": p.Doc(semesterPath),
		"createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp}
}

func (p person) addLecture(ctx context.Context, timetable, id string) error {
	_, err := p.timetable(timetable).Collection("lectures").Doc(id).Create(ctx, lectureFields())
	return err
}

// duplicate creates a timetable with lectures in one transaction.
func (p person) duplicate(ctx context.Context, timetable string, ids []string) error {
	return p.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		err := tx.Set(p.timetable(timetable), p.timetableFields())
		for _, id := range ids {
			err = errors.Join(err, tx.Set(p.timetable(timetable).Collection("lectures").Doc(id), lectureFields()))
		}
		return err
	})
}

func (p person) removeTimetable(ctx context.Context, id string) error {
	_, err := p.timetable(id).Delete(ctx)
	return err
}

func lectureFields() map[string]any {
	return map[string]any{"identifier": "A-01", "title": "강의", "professor": "", "credit": 3, "times": []any{}, "category": []any{},
		"metas": []any{}, "createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp}
}

// addCredential stores a credential of the old system.
func (w *world) addCredential(t testing.TB, uid string) {
	t.Helper()
	c := credential.Credential{Email: uid + "@user.heektime.heek.kr", UID: uid, Hash: "pbkdf2:sha256:1$s$0"}
	if err := credential.Add(t.Context(), w.fs, c); err != nil {
		t.Fatal(err)
	}
}

// purge advances the clock and purges until nothing is left to do.
func (w *world) purge(t testing.TB) {
	t.Helper()
	s := w.service(t)
	w.Clock.Advance(deletion.Grace)
	for range 4 {
		if _, err := s.PurgeDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(2 * time.Hour)
	}
	if left := w.all(t, "deletions"); len(left) > 0 {
		t.Errorf("pending deletions left: %v\n%s", left, w.log)
	}
}

func ids(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("lecture%03d", i))
	}
	return list
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
