package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/cmd/heektime/internal/actions"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// TestBudgets plays every action of the table in docs/cost.md with its real client: Firebase's JavaScript
// SDK in Node, HTTP for old apps, the services' own jobs. Each costs what the table says, in documents and
// requests exactly, in bytes about.
func TestBudgets(t *testing.T) {
	w := newActionWorld(t)
	w.publishLists()
	w.accounts()
	w.lists()
	w.opening()
	w.lectures()
	w.timetables()
	w.othersTimetables()
	w.releasedClients()
	w.oldApps()
	w.deletedAccounts()
	w.jobs()
	if left := w.unplayed(); len(left) > 0 {
		t.Errorf("no test plays %v", left)
	}
	if *update && !t.Failed() {
		text, err := json.MarshalIndent(w.played, "", "  ")
		w.check(err)
		w.check(os.WriteFile("internal/actions/counts.json", append(text, '\n'), 0o644))
		t.Log("counts.json is new: run this again to write docs/cost.md")
	}
}

// The table in docs/cost.md is that of package actions.
func TestBudgetsInDocs(t *testing.T) {
	const file, begin, end = "../../docs/cost.md", "<!-- actions -->\n", "<!-- end of actions -->"
	all, err := actions.All()
	if err != nil {
		t.Fatal(err)
	}
	prices, err := billing.ReadPrices("")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), begin)
	old, after, ends := strings.Cut(rest, end)
	if !found || !ends {
		t.Fatalf("%s has no place for the table, between %q and %q", file, begin, end)
	}
	table := actions.Markdown(all, prices)
	if table == old {
		return
	}
	if !*update {
		t.Fatalf("the table in %s is out of date: go test ./cmd/heektime -run TestBudgets -update", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	winter, fall = "schools/" + demoSchool + "/semesters/2026-1200", "schools/" + demoSchool + "/semesters/2026-0900"
	newest       = "winter2026" // a timetable of the winter with six lectures
	older        = "autumn2026" // one of the fall without any
)

// lecture returns a lecture as apps copy it from a course list.
func lecture(title string) map[string]any {
	return map[string]any{
		"identifier": "COSE372-02", "title": title, "professor": "정연돈", "credit": 3,
		"times": []any{
			map[string]any{"weekday": 1, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"},
			map[string]any{"weekday": 3, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"},
		},
		"category": []any{"정보대학", "컴퓨터학과"}, "metas": []any{map[string]any{"type": "tag", "name": "영강"}},
	}
}

// stored is a document as clients write it, for the Admin SDK.
func stored(fields map[string]any) map[string]any {
	fields["createdAt"], fields["updatedAt"] = firestore.ServerTimestamp, firestore.ServerTimestamp
	return fields
}

// titleOf returns the title of a lecture of the student.
func titleOf(n int) string { return fmt.Sprintf("강의 %d", n) }

// give gives a user the two timetables of the table's student.
func (w *actionWorld) give(uid string) {
	w.t.Helper()
	user := schema.UserRef(w.fs, uid)
	for id, semester := range map[string]string{newest: winter, older: fall} {
		_, err := schema.TimetableRef(user, id).Set(w.t.Context(), stored(map[string]any{"title": "시간표", "visibility": "public", "semester": w.fs.Doc(semester)}))
		w.check(err)
	}
	for n := range actions.Lectures {
		w.addLecture(uid, newest, n)
	}
}

func (w *actionWorld) addLecture(uid, timetable string, n int) {
	w.t.Helper()
	ref := schema.LectureRef(schema.TimetableRef(schema.UserRef(w.fs, uid), timetable), fmt.Sprint("lecture", n))
	_, err := ref.Set(w.t.Context(), stored(lecture(titleOf(n))))
	w.check(err)
}

// shows waits until a device shows lectures.
func (w *actionWorld) shows(device string, lectures ...int) {
	w.t.Helper()
	titles := []string{}
	for _, n := range lectures {
		titles = append(titles, titleOf(n))
	}
	w.js("shows", device, titles)
}

func (w *actionWorld) publishLists() {
	w.prepare(2, func() { w.refreshed("2026-1200") })
	w.play("refresh-first", func() { w.refreshed("2026-0900") })
	w.published("2026-0900", refresh.Changed)
}

// minsu is the student of the table, younghee one with an old ID. They have passwords of Authentication and
// of the old system.
var minsu, younghee string

const youngheeEmail = "younghee@user.heektime.heek.kr"

func (w *actionWorld) accounts() {
	for _, device := range []string{"phone", "tablet", "pc", "kiosk"} {
		w.js("install", device, w.hosts())
	}
	w.play("sign-up", func() { w.ask(&minsu, "signUp", "phone", "minsu@example.com", password) })
	w.play("choose-username", func() { w.js("chooseUsername", "phone", "민수민수") })
	w.play("change-username", func() { w.js("changeUsername", "phone", "민수민수", "김민수수") })
	w.prepare(actions.Lectures, func() { w.give(minsu) })
	w.play("sign-in", func() { w.js("signIn", "tablet", "minsu@example.com", password) })

	w.play("register", func() {
		w.http(http.MethodPost, w.URLs["auth"]+"/register/", "", map[string]string{"email": "chulsoo@user.heektime.heek.kr", "password": password}, nil)
	})
	hash, err := pbkdf2.Key(sha256.New, password, []byte("salt"), 1000, 32)
	w.check(err)
	younghee = "5f0a1c9e-4b7d-4e6a-9c3b-2d8e7f6a5b4c"
	_, err = schema.CredentialRef(w.fs, credential.Key(youngheeEmail)).Set(w.t.Context(), schema.Credential{
		Email: youngheeEmail, UID: younghee, Hash: fmt.Sprintf("pbkdf2:sha256:1000$salt$%x", hash),
	})
	w.check(err)
	for _, action := range []string{"login-old-first", "login-old"} {
		w.play(action, func() {
			var login struct{ Token string }
			w.n = 7000 // the same network
			w.http(http.MethodPost, w.URLs["auth"]+"/login/", "", map[string]string{"email": youngheeEmail, "password": password}, &login)
			w.js("signInWithToken", "pc", login.Token)
		})
	}
	w.js("chooseUsername", "pc", "younghee")
	w.prepare(actions.Lectures, func() { w.give(younghee) })
}

func (w *actionWorld) opening() {
	open := func() { w.js("open", "tablet") }
	w.play("open-cold", open)
	w.shows("tablet", 0, 1, 2, 3, 4, 5)
	w.pass("tablet", 0)
	w.play("open-warm", open)
	w.shows("tablet", 0, 1, 2, 3, 4, 5)
	w.pass("tablet", 31)
	w.play("open-later", open)
	w.shows("tablet", 0, 1, 2, 3, 4, 5)
	w.pass("tablet", 31)
	w.prepare(2, func() { // the events of lectures
		w.addLecture(minsu, newest, 6)
		_, err := schema.LectureRef(schema.TimetableRef(schema.UserRef(w.fs, minsu), newest), "lecture0").Delete(w.t.Context())
		w.check(err)
	})
	w.play("open-changed", open)
	w.shows("tablet", 1, 2, 3, 4, 5, 6)
}

// lists comes before anything that lets much time pass: the refresh service keeps its token for the course
// service for an hour of the machine's time, and the course service accepts it for an hour of the cloud's.
func (w *actionWorld) lists() {
	w.play("schools", func() { w.js("schools", "phone") })
	w.play("semesters", func() { w.js("semesters", "phone", demoSchool) })
	w.js("install", "laptop", w.hosts())
	load := func() {
		var n int
		if w.ask(&n, "loadLectures", "laptop", fall); n < actions.ListLength*9/10 {
			w.t.Errorf("the list has %d lectures", n)
		}
	}
	w.play("list-cold", load)
	w.pass("laptop", 0)
	w.play("list-warm", load)
	w.pass("laptop", 0)
	w.play("refresh-unchanged", func() { w.refreshed("2026-0900") })
	w.published("2026-0900", refresh.Unchanged)
	w.university.Change(20)
	w.play("refresh-changed", func() { w.refreshed("2026-0900") })
	w.published("2026-0900", refresh.Changed)
	w.play("list-changed", load)
	w.university.Change(20)
	w.prepare(2, func() { w.refreshed("2026-0900") })
	w.removeDeltas("2026-0900")
	w.play("list-changed-whole", load)
	w.play("search", func() { w.js("search", "laptop", "데이터") })
	w.pass("laptop", 31)
	w.play("list-later", load)
	w.js("close", "laptop")
}

// removeDeltas removes the deltas of a semester's lists, as if the lists were older.
func (w *actionWorld) removeDeltas(semester schema.SemesterID) {
	w.t.Helper()
	removed, bucket := 0, w.objects.Bucket(w.config.Bucket)
	for it := bucket.Objects(w.t.Context(), &storage.Query{Prefix: schema.SemesterPrefix(demoSchool, semester)}); ; {
		object, err := it.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		w.check(err)
		if strings.HasSuffix(object.Name, ".delta.json") {
			w.check(bucket.Object(object.Name).Delete(w.t.Context()))
			removed++
		}
	}
	if removed == 0 {
		w.t.Error("there are no deltas")
	}
}

func (w *actionWorld) lectures() {
	w.pass("tablet", 0)
	w.js("open", "tablet")
	w.later()
	w.play("lecture-add", func() {
		w.js("addLecture", "tablet", "lecture7", lecture(titleOf(7)))
		w.js("sendChanges", "tablet")
		w.shows("tablet", 1, 2, 3, 4, 5, 6, 7)
	})
	w.play("lecture-edit", func() {
		w.js("updateLecture", "tablet", "lecture7", map[string]any{"title": titleOf(8)})
		w.js("sendChanges", "tablet")
		w.shows("tablet", 1, 2, 3, 4, 5, 6, 8)
	})
	w.later()
	w.play("lecture-remove", func() {
		w.js("removeLecture", "tablet", "lecture7")
		w.js("sendChanges", "tablet")
		w.shows("tablet", 1, 2, 3, 4, 5, 6)
	})
	w.later()
	w.play("lectures-change", func() {
		w.js("changeLectures", "tablet", map[string]any{"lecture8": lecture(titleOf(8)), "lecture9": lecture(titleOf(9))}, "lecture6")
		w.shows("tablet", 1, 2, 3, 4, 5, 8, 9)
	})
	w.prepare(3, func() { // as before
		w.js("changeLectures", "tablet", map[string]any{"lecture6": lecture(titleOf(6))}, "lecture8")
		w.js("removeLecture", "tablet", "lecture9")
		w.js("sendChanges", "tablet")
	})
}

func (w *actionWorld) timetables() {
	w.play("timetables", func() { w.js("listTimetables", "tablet") })
	w.play("timetable-create", func() { w.js("createTimetable", "tablet", "created001", "새 시간표", fall) })
	w.play("timetable-rename", func() { w.js("updateTimetable", "tablet", "created001", map[string]any{"title": "고친 시간표"}) })
	for _, visibility := range []string{"public", "private"} {
		w.play("timetable-share", func() { w.js("updateTimetable", "tablet", "created001", map[string]any{"visibility": visibility}) })
	}
	w.later()
	w.play("timetable-duplicate", func() { w.js("duplicateTimetable", "tablet", newest, "duplicate1", "사본") })
	w.later()
	w.play("timetable-delete", func() { w.js("deleteTimetable", "tablet", "duplicate1") })
	w.prepare(1, func() { w.js("deleteTimetable", "tablet", "created001") })
}

func (w *actionWorld) othersTimetables() {
	var uid string
	w.play("user-find", func() { w.ask(&uid, "findUser", "pc", "김민수수") })
	if uid != minsu {
		w.t.Fatalf("found %q, want %q", uid, minsu)
	}
	w.play("shared-list", func() { w.js("sharedTimetables", "pc", minsu) })
	w.js("schools", "pc")
	w.play("shared-view", func() { w.js("view", "pc", minsu, newest) })
	w.play("shared-view-again", func() { w.js("view", "pc", minsu, newest) })
	w.play("shared-view-anonymous", func() { w.js("view", "kiosk", minsu, newest) })
}

func (w *actionWorld) releasedClients() {
	token, err := w.users.CustomToken(w.t.Context(), minsu)
	w.check(err)
	w.js("releasedStart", w.hosts())
	w.js("releasedSignIn", token)
	w.play("released-open", func() { w.js("releasedOpen", minsu, newest, winter) })
	w.play("released-return", func() { w.js("releasedReturn") })
	w.play("released-list", func() { w.js("releasedLoad", fall) })
	w.play("released-user-find", func() { w.js("releasedFind", "younghee") })
	w.play("released-shared-view", func() { w.js("releasedView", younghee, newest) })
	w.js("releasedClose")
}

func (w *actionWorld) oldApps() {
	api := w.URLs["compat-server"] + "/apis/v2"
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	var me, timetable, added struct{ ID string }
	credentials := map[string]string{"username": "oldapp", "password": password, "name": "학생"}
	// call makes a call, whatever it returns.
	call := func(method, path string, body, result any) { w.http(method, api+path, tokens.Access, body, result) }
	w.prepare(1, func() { call("GET", "/schools", nil, nil) }) // the instance caches schools and semesters
	w.play("old-sign-up", func() { call("POST", "/users", credentials, nil) })
	w.play("old-sign-in", func() { call("POST", "/auth/token", credentials, &tokens) })
	w.play("old-refresh-token", func() { call("POST", "/auth/refresh-token", map[string]string{"refresh_token": tokens.Refresh}, nil) })
	w.play("old-me", func() { call("GET", "/me", nil, &me) })
	w.play("old-schools", func() { call("GET", "/schools", nil, nil) })
	semester := "demo_univ_seoul/2026-2학기"
	w.play("old-timetable-create", func() {
		call("POST", "/me/timetables", map[string]string{"semester_id": semester, "title": "시간표"}, &timetable)
	})
	lectures := "/me/timetables/" + timetable.ID + "/lectures"
	w.later()
	w.play("old-lecture-add", func() { call("POST", lectures, lecture(titleOf(0)), &added) })
	w.play("old-lecture-edit", func() { call("PUT", lectures+"/"+added.ID, lecture(titleOf(1)), nil) })
	w.later()
	w.play("old-lecture-remove", func() { call("DELETE", lectures+"/"+added.ID, nil, nil) })
	w.prepare(actions.Lectures, func() {
		for n := range actions.Lectures {
			w.addLecture(me.ID, timetable.ID, n)
		}
	})
	w.play("old-timetables", func() { call("GET", "/users/"+me.ID+"/timetables", nil, nil) })
	var list struct{ URL string }
	load := func() {
		call("GET", "/semesters/"+semester+"/lectures-url", nil, &list)
		_, path, _ := strings.Cut(list.URL, "/apis/v2")
		call("GET", path, nil, nil)
	}
	w.prepare(2, load) // the instance caches the list
	w.play("old-list", load)
	w.play("old-user-find", func() { call("GET", "/username/younghee", nil, nil) })
	w.play("old-shared-view", func() { call("GET", "/users/"+younghee+"/timetables", nil, nil) })
}

func (w *actionWorld) deletedAccounts() {
	pending := schema.DeletionRef(w.fs, younghee)
	request := func(path string) func() {
		return func() {
			var token string
			w.ask(&token, "idToken", "pc")
			w.http(http.MethodPost, w.URLs["auth"]+path, token, nil, nil)
		}
	}
	signIn := func() { w.js("signIn", "pc", youngheeEmail, password) } // of late, and the old session has ended
	signIn()
	w.play("account-delete", request("/account/delete/"))
	signIn()
	w.play("account-restore", request("/account/restore/"))
	signIn()
	w.play("account-delete", request("/account/delete/"))
	due := func(fields ...string) {
		updates := []firestore.Update{}
		for _, field := range fields {
			updates = append(updates, firestore.Update{Path: field, Value: time.Now().Add(-3 * time.Hour)})
		}
		_, err := pending.Update(w.t.Context(), updates)
		w.check(err)
	}
	due("until", "due")
	w.later()
	w.play("purge-account", func() { w.runJob(deployment.PurgeJob) })
	due("due", "accountGone")
	w.play("purge-account-again", func() { w.runJob(deployment.PurgeJob) })
	if docs, err := w.fs.GetAll(w.t.Context(), []*firestore.DocumentRef{pending}); err != nil || docs[0].Exists() {
		w.t.Errorf("the account is not purged: %v", err)
	}
	w.play("purge-none", func() { w.runJob(deployment.PurgeJob) })
}

func (w *actionWorld) jobs() {
	w.prepare(1, func() { w.runJob(deployment.ScheduleJob) }) // records that it ran
	w.play("schedule", func() { w.runJob(deployment.ScheduleJob) })
	w.play("sweep", func() { w.runJob(deployment.SweepJob) })
}
