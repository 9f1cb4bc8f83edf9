package api_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// New apps' listeners see the changes of old apps, and old apps get the changes of new apps. The
// test is long because its steps depend on each other.
func TestOldAndNewAppsShareTimetables(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	newApp := fx.FirestoreClientAs(t, u.id, nil)
	stranger := fx.FirestoreClientSignedOut(t)
	made := fx.makeTimetable(t, u, oldKorea, "함께")
	timetable := "users/" + u.id + "/timetables/" + made.ID

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	lectures := stranger.Collection(timetable + "/lectures").Snapshots(ctx)
	defer lectures.Stop()
	nextSnapshot := func() []*firestore.DocumentSnapshot {
		t.Helper()
		snapshot, err := lectures.Next()
		if err != nil {
			t.Fatal(err)
		}
		docs, err := snapshot.Documents.GetAll()
		if err != nil {
			t.Fatal(err)
		}
		return docs
	}
	if docs := nextSnapshot(); len(docs) != 0 {
		t.Fatalf("%d lectures before the first was added", len(docs))
	}
	sent := dataLecture()
	added := fx.addLecture(t, u, made.ID, map[string]any{"id": "from another timetable", "identifier": sent.Identifier, "title": sent.Title,
		"professor": sent.Professor, "credit": sent.Credit, "category": sent.Category, "times": sent.Times, "url": sent.URL,
		"tags": []any{map[string]any{"name": "영강"}}, "seats": 40})
	docs := nextSnapshot()
	if len(docs) != 1 || docs[0].Ref.ID != added.ID {
		t.Fatalf("after an old app added a lecture: %v", docs)
	}
	got := docs[0].Data()
	for _, name := range []string{"createdAt", "updatedAt"} {
		if got[name] == nil {
			t.Errorf("no %s", name)
		}
		delete(got, name)
	}
	if len(got) != 7 || got["identifier"] != sent.Identifier || len(got["times"].([]any)) != 2 || len(got["metas"].([]any)) != 1 {
		t.Errorf("document: %v", got)
	}
	if r := call(t, "DELETE", fx.url+"/me/timetables/"+made.ID+"/lectures/"+added.ID, u.access, nil); r.status != 204 {
		t.Fatalf("delete: %d %s", r.status, r.body)
	}
	if docs := nextSnapshot(); len(docs) != 0 {
		t.Errorf("after an old app deleted the lecture: %v", docs)
	}

	// A new app adds a lecture and makes the timetable private.
	if _, err := newApp.Doc(timetable+"/lectures/newlecture").Create(t.Context(), map[string]any{
		"identifier": "N", "title": "새 강의", "professor": "", "credit": 2, "category": []string{},
		"metas":     []any{map[string]any{"type": "tag", "name": "태그"}},
		"times":     []any{map[string]any{"weekday": 4, "timeBegin": 540, "timeEnd": 705, "room": ""}},
		"createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp,
	}); err != nil {
		t.Fatal(err)
	}
	list := fx.timetables(t, u.id, "null")
	if len(list) != 1 || len(list[0].Lectures) != 1 {
		t.Fatalf("an old app gets %+v", list)
	}
	if l := list[0].Lectures[0]; l.Title != "새 강의" || *l.Times[0].PeriodEnd != 2 || l.Tags[0].Name != "태그" {
		t.Errorf("an old app gets %+v", list)
	}
	hide := []firestore.Update{{Path: "visibility", Value: "private"}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}
	if _, err := newApp.Doc(timetable).Update(t.Context(), hide); err != nil {
		t.Fatal(err)
	}
	if list := fx.timetables(t, u.id, "null"); len(list) != 0 {
		t.Errorf("other users get a private timetable: %+v", list)
	}
	if list := fx.timetables(t, u.id, u.access); len(list) != 1 {
		t.Errorf("the owner does not get a private timetable: %+v", list)
	}
	// Because the old app's sign-up wrote the documents like a new app, a new app can change the
	// username.
	if err := newApp.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
		tx.Update(newApp.Doc("users/"+u.id), []firestore.Update{{Path: "username", Value: "renamed"}, {Path: "updatedAt", Value: firestore.ServerTimestamp}})
		tx.Delete(newApp.Doc("indices/user/usernames/minsu"))
		return tx.Set(newApp.Doc("indices/user/usernames/renamed"), map[string]any{"value": u.id})
	}); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "GET", fx.url+"/username/renamed", "null", nil); r.status != 200 || !strings.Contains(r.body, u.id) {
		t.Errorf("user by new username: %d %s", r.status, r.body)
	}
}

// Malformed documents are read as far as possible.
func TestMalformedDocuments(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	timetable := "users/" + u.id + "/timetables/0123456789"
	good := map[string]any{"weekday": 0.0, "timeBegin": 540, "timeEnd": 615, "room": 7}
	fx.set(t, timetable, map[string]any{
		"title": 5, "visibility": "public", "semester": fx.fs.Doc("schools/없는대학/semesters/2021-0300"),
		"createdAt": firestore.ServerTimestamp,
	})
	fx.set(t, timetable+"/lectures/1", map[string]any{
		"title": nil, "credit": "three", "times": []any{"x", nil, map[string]any{}, good},
		"category": []any{1, "a"}, "metas": []any{map[string]any{"type": "color", "name": "red"}, map[string]any{"type": "tag"}, "y"},
	})
	fx.set(t, timetable+"/lectures/2", map[string]any{"times": "x"})
	list := fx.timetables(t, u.id, "null")
	if len(list) != 1 || len(list[0].Lectures) != 2 {
		t.Fatalf("timetables: %+v", list)
	}
	if s := list[0].Semester; s.ID != "없는대학/2021-0300" || s.Year != 2021 || s.School.ID != "없는대학" {
		t.Errorf("semester: %+v", s)
	}
	for _, l := range list[0].Lectures {
		if l.Times == nil || l.Category == nil || l.Tags == nil {
			t.Errorf("nil list in lecture %+v", l)
		}
	}
	first := list[0].Lectures[0]
	if len(first.Times) != 1 || first.Times[0].TimeBegin != 540 || len(first.Category) != 1 || len(first.Tags) != 0 || first.Credit != 0 {
		t.Errorf("first lecture: %+v", first)
	}
}

// Calls may be repeated, may run concurrently, and may run while a new app deletes their timetable.
// The test is long because its steps depend on each other.
func TestRepeatedAndConcurrentCalls(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	made := fx.makeTimetable(t, u, oldKorea, "시간표")
	lectures := fx.url + "/me/timetables/" + made.ID + "/lectures"

	// Two identical POSTs add two lectures, as in the old system.
	first, second := fx.addLecture(t, u, made.ID, dataLecture()), fx.addLecture(t, u, made.ID, dataLecture())
	if first.ID == second.ID || len(fx.timetables(t, u.id, u.access)[0].Lectures) != 2 {
		t.Errorf("two POSTs added lectures %s and %s", first.ID, second.ID)
	}
	for range 2 {
		if r := call(t, "DELETE", lectures+"/"+first.ID, u.access, nil); r.status != 204 {
			t.Errorf("delete: %d %s", r.status, r.body)
		}
	}
	if r := call(t, "PUT", lectures+"/"+first.ID, u.access, dataLecture()); r.status != 404 || r.code(t) != "LC001" {
		t.Errorf("replace after deletion: %d %s", r.status, r.body)
	}

	// Several devices make calls concurrently.
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { fx.addLecture(t, u, made.ID, dataLecture()) })
		group.Go(func() {
			if r := call(t, "PUT", lectures+"/"+second.ID, u.access, dataLecture()); r.status != 200 && r.status != 404 {
				t.Errorf("replace: %d %s", r.status, r.body)
			}
		})
	}
	group.Go(func() {
		if r := call(t, "DELETE", lectures+"/"+second.ID, u.access, nil); r.status != 204 {
			t.Errorf("delete: %d %s", r.status, r.body)
		}
	})
	group.Wait()
	if n := len(fx.timetables(t, u.id, u.access)[0].Lectures); n != 8 {
		t.Errorf("%d lectures, want 8", n)
	}

	// A new app deletes the timetable.
	newApp := fx.FirestoreClientAs(t, u.id, nil)
	for range 8 {
		group.Go(func() {
			r := call(t, "POST", lectures, u.access, dataLecture())
			if r.status != 201 && r.status != 404 {
				t.Errorf("add: %d %s", r.status, r.body)
			}
		})
	}
	if _, err := newApp.Doc("users/" + u.id + "/timetables/" + made.ID).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if r := call(t, "POST", lectures, u.access, dataLecture()); r.status != 404 || r.code(t) != "TT001" {
		t.Errorf("add to a deleted timetable: %d %s", r.status, r.body)
	}
	if list := fx.timetables(t, u.id, u.access); len(list) != 0 {
		t.Errorf("timetables after deletion: %+v", list)
	}
}

// When several people sign up with the same username concurrently, one succeeds, and no accounts
// remain for the others.
func TestConcurrentSignUpsWithOneUsername(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	var winner string
	for i := range 6 {
		group.Go(func() {
			// The passwords differ, because a retry with the same password succeeds.
			password := secret + strconv.Itoa(i)
			r := call(t, "POST", fx.url+"/users", "", map[string]string{"username": "minsu", "password": password, "name": "이름"})
			mu.Lock()
			defer mu.Unlock()
			if statuses[r.status]++; r.status == 201 {
				winner = password
			}
		})
	}
	group.Wait()
	// Some are rejected by the limit on concurrent attempts from one address.
	if statuses[201] != 1 || statuses[201]+statuses[409]+statuses[429] != 6 {
		t.Errorf("statuses: %v", statuses)
	}
	if n := len(fx.Auth.Users(fx.Project)); n != 1 {
		t.Errorf("%d accounts, want 1", n)
	}
	u := fx.signIn(t, "minsu", winner)
	doc, err := fx.fs.Doc("indices/user/usernames/minsu").Get(t.Context())
	if err != nil || doc.Data()["value"] != u.id {
		t.Errorf("username index: %v, %v", doc.Data(), err)
	}
	// A username claimed by a new app, for which no account with the matching email address exists.
	fx.set(t, "indices/user/usernames/taken1", map[string]any{"value": "somebody"})
	if r := call(t, "POST", fx.url+"/users", "", map[string]string{"username": "taken1", "password": secret, "name": "이름"}); r.status != 409 {
		t.Errorf("a new app's username: %d %s", r.status, r.body)
	}
	if _, err := fx.fs.Doc("users/nobody").Get(t.Context()); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
}
