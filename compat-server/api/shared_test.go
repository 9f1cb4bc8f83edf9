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

// What an old app changes, a new app's listener sees; what a new app changes, an old app gets.
func TestOldAndNewAppsShareTimetables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	newApp := w.FirestoreClientAs(t, u.id, nil)
	stranger := w.FirestoreClientSignedOut(t)
	made := w.makeTimetable(t, u, oldKorea, "함께")
	timetable := "users/" + u.id + "/timetables/" + made.ID

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	lectures := stranger.Collection(timetable + "/lectures").Snapshots(ctx)
	defer lectures.Stop()
	next := func() []*firestore.DocumentSnapshot {
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
	if docs := next(); len(docs) != 0 {
		t.Fatalf("%d lectures at first", len(docs))
	}
	sent := dataLecture()
	added := w.addLecture(t, u, made.ID, map[string]any{"id": "from another timetable", "identifier": sent.Identifier, "title": sent.Title,
		"professor": sent.Professor, "credit": sent.Credit, "category": sent.Category, "times": sent.Times, "url": sent.URL,
		"tags": []any{map[string]any{"name": "영강"}}, "seats": 40})
	docs := next()
	if len(docs) != 1 || docs[0].Ref.ID != added.ID {
		t.Fatalf("after an old app added one: %v", docs)
	}
	got := docs[0].Data()
	for _, name := range []string{"createdAt", "updatedAt"} {
		if got[name] == nil {
			t.Errorf("no %s", name)
		}
		delete(got, name)
	}
	if len(got) != 7 || got["identifier"] != sent.Identifier || len(got["times"].([]any)) != 2 || len(got["metas"].([]any)) != 1 {
		t.Errorf("the document: %v", got)
	}
	if r := call(t, "DELETE", w.url+"/me/timetables/"+made.ID+"/lectures/"+added.ID, u.access, nil); r.status != 204 {
		t.Fatalf("delete: %d %s", r.status, r.body)
	}
	if docs := next(); len(docs) != 0 {
		t.Errorf("after an old app deleted it: %v", docs)
	}

	// A new app adds a lecture, and hides the timetable from others.
	if _, err := newApp.Doc(timetable+"/lectures/newlecture").Create(t.Context(), map[string]any{
		"identifier": "N", "title": "새 강의", "professor": "", "credit": 2, "category": []string{}, "metas": []any{map[string]any{"type": "tag", "name": "태그"}},
		"times":     []any{map[string]any{"weekday": 4, "timeBegin": 540, "timeEnd": 705, "room": ""}},
		"createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp,
	}); err != nil {
		t.Fatal(err)
	}
	list := w.timetables(t, u.id, "null")
	if len(list) != 1 || len(list[0].Lectures) != 1 || list[0].Lectures[0].Title != "새 강의" || *list[0].Lectures[0].Times[0].PeriodEnd != 2 || list[0].Lectures[0].Tags[0].Name != "태그" {
		t.Errorf("an old app gets %+v", list)
	}
	if _, err := newApp.Doc(timetable).Update(t.Context(), []firestore.Update{{Path: "visibility", Value: "private"}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}); err != nil {
		t.Fatal(err)
	}
	if list := w.timetables(t, u.id, "null"); len(list) != 0 {
		t.Errorf("others get a private timetable: %+v", list)
	}
	if list := w.timetables(t, u.id, u.access); len(list) != 1 {
		t.Errorf("its owner does not: %+v", list)
	}
	// The old app's user signed up in the shape of new ones, so that the new app can change the name.
	if err := newApp.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
		tx.Update(newApp.Doc("users/"+u.id), []firestore.Update{{Path: "username", Value: "renamed"}, {Path: "updatedAt", Value: firestore.ServerTimestamp}})
		tx.Delete(newApp.Doc("indices/user/usernames/minsu"))
		return tx.Set(newApp.Doc("indices/user/usernames/renamed"), map[string]any{"value": u.id})
	}); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "GET", w.url+"/username/renamed", "null", nil); r.status != 200 || !strings.Contains(r.body, u.id) {
		t.Errorf("by the new name: %d %s", r.status, r.body)
	}
}

// Documents of clients that wrote what they liked, as far as the rules look, are read as far as they can be.
func TestStrangeDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	timetable := "users/" + u.id + "/timetables/0123456789"
	good := map[string]any{"weekday": 0.0, "timeBegin": 540, "timeEnd": 615, "room": 7}
	w.set(t, timetable, map[string]any{"title": 5, "visibility": "public", "semester": w.fs.Doc("schools/없는대학/semesters/2021-0300"), "createdAt": firestore.ServerTimestamp})
	w.set(t, timetable+"/lectures/1", map[string]any{"title": nil, "credit": "three", "times": []any{"x", nil, map[string]any{}, good},
		"category": []any{1, "a"}, "metas": []any{map[string]any{"type": "color", "name": "red"}, map[string]any{"type": "tag"}, "y"}})
	w.set(t, timetable+"/lectures/2", map[string]any{"times": "x"})
	list := w.timetables(t, u.id, "null")
	if len(list) != 1 || len(list[0].Lectures) != 2 {
		t.Fatalf("%+v", list)
	}
	if s := list[0].Semester; s.ID != "없는대학/2021-0300" || s.Year != 2021 || s.School.ID != "없는대학" {
		t.Errorf("semester: %+v", s)
	}
	for _, l := range list[0].Lectures {
		if l.Times == nil || l.Category == nil || l.Tags == nil {
			t.Errorf("an absent list: %+v", l)
		}
	}
	if first := list[0].Lectures[0]; len(first.Times) != 1 || first.Times[0].TimeBegin != 540 || len(first.Category) != 1 || len(first.Tags) != 0 || first.Credit != 0 {
		t.Errorf("%+v", first)
	}
}

// Twice, at once, and while the other side deletes.
func TestTwiceAndAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	made := w.makeTimetable(t, u, oldKorea, "시간표")
	lectures := w.url + "/me/timetables/" + made.ID + "/lectures"

	// The same POST twice is two lectures, as it was in the old system.
	first, second := w.addLecture(t, u, made.ID, dataLecture()), w.addLecture(t, u, made.ID, dataLecture())
	if first.ID == second.ID || len(w.timetables(t, u.id, u.access)[0].Lectures) != 2 {
		t.Errorf("ids %s and %s", first.ID, second.ID)
	}
	for range 2 {
		if r := call(t, "DELETE", lectures+"/"+first.ID, u.access, nil); r.status != 204 {
			t.Errorf("delete: %d %s", r.status, r.body)
		}
	}
	if r := call(t, "PUT", lectures+"/"+first.ID, u.access, dataLecture()); r.status != 404 || r.code(t) != "LC001" {
		t.Errorf("change after the deletion: %d %s", r.status, r.body)
	}

	// Many devices at once.
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { w.addLecture(t, u, made.ID, dataLecture()) })
		group.Go(func() {
			if r := call(t, "PUT", lectures+"/"+second.ID, u.access, dataLecture()); r.status != 200 && r.status != 404 {
				t.Errorf("change: %d %s", r.status, r.body)
			}
		})
	}
	group.Go(func() {
		if r := call(t, "DELETE", lectures+"/"+second.ID, u.access, nil); r.status != 204 {
			t.Errorf("delete: %d %s", r.status, r.body)
		}
	})
	group.Wait()
	if n := len(w.timetables(t, u.id, u.access)[0].Lectures); n != 8 {
		t.Errorf("%d lectures, want 8", n)
	}

	// A new app deletes the timetable.
	newApp := w.FirestoreClientAs(t, u.id, nil)
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
		t.Errorf("add to a deleted one: %d %s", r.status, r.body)
	}
	if list := w.timetables(t, u.id, u.access); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// Of many who sign up with one name at once, one gets it, and no account is left behind for the others.
func TestOneNameForOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	var winner string
	for i := range 6 {
		group.Go(func() {
			// Different people: the same one, who gives the same password twice, is told twice that he has the name.
			password := secret + strconv.Itoa(i)
			r := call(t, "POST", w.url+"/users", "", map[string]string{"username": "minsu", "password": password, "name": "이름"})
			mu.Lock()
			defer mu.Unlock()
			if statuses[r.status]++; r.status == 201 {
				winner = password
			}
		})
	}
	group.Wait()
	// The limit of attempts that run at once at one address refuses some.
	if statuses[201] != 1 || statuses[201]+statuses[409]+statuses[429] != 6 {
		t.Errorf("answers: %v", statuses)
	}
	if n := len(w.Auth.Users(w.Project)); n != 1 {
		t.Errorf("%d accounts", n)
	}
	u := w.signIn(t, "minsu", winner)
	doc, err := w.fs.Doc("indices/user/usernames/minsu").Get(t.Context())
	if err != nil || doc.Data()["value"] != u.id {
		t.Errorf("the index: %v, %v", doc.Data(), err)
	}
	// A new app's user has a name that nobody has the address of.
	w.set(t, "indices/user/usernames/taken1", map[string]any{"value": "somebody"})
	if r := call(t, "POST", w.url+"/users", "", map[string]string{"username": "taken1", "password": secret, "name": "이름"}); r.status != 409 {
		t.Errorf("a name of new apps: %d %s", r.status, r.body)
	}
	if _, err := w.fs.Doc("users/nobody").Get(t.Context()); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
}
