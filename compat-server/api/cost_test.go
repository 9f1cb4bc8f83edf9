package api_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/emulator/emulatortest"
)

// What each call bills, as the table of docs/old-clients.md says; the test reads it there. The catalog is known already.
func TestCostOfCalls(t *testing.T) {
	t.Parallel()
	documented := documentedCosts(t)
	w := newWorld(t)
	// 2 schools and 4 semesters, and of the refresh service's records none.
	if got := w.billed(func() { call(t, "GET", w.url+"/schools", "", nil) }); got != (emulatortest.Cost{Reads: 6}) {
		t.Errorf("the first call that wants the schools: %+v", got)
	}
	owner := w.signUp(t, "owner")
	made := w.makeTimetable(t, owner, oldKorea, "시간표")
	var first, second lectureAnswer
	first, second = w.addLecture(t, owner, made.ID, dataLecture()), w.addLecture(t, owner, made.ID, dataLecture())
	w.makeTimetable(t, owner, oldDemo, "빈 시간표")
	lectures := "/me/timetables/" + made.ID + "/lectures"
	for _, c := range []struct {
		row, method, path string
		body              any
		status            int
	}{
		{"`POST /users`", "POST", "/users", map[string]string{"username": "newuser", "password": secret, "name": "이름"}, 201},
		{"… taken", "POST", "/users", map[string]string{"username": "newuser", "password": secret, "name": "이름"}, 409},
		{"`POST /auth/token`", "POST", "/auth/token", map[string]string{"username": "owner", "password": secret}, 200},
		{"… wrong password", "POST", "/auth/token", map[string]string{"username": "newuser", "password": "wrong" + secret}, 401},
		{"`POST /auth/refresh-token`", "POST", "/auth/refresh-token", map[string]string{"refresh_token": owner.refresh}, 200},
		{"`GET /me`", "GET", "/me", nil, 200},
		{"`GET /username/{username}`", "GET", "/username/owner", nil, 200},
		{"`GET /schools`", "GET", "/schools", nil, 200},
		{"`GET /semesters/…/lectures-url`", "GET", "/semesters/" + oldKorea + "/lectures-url", nil, 200},
		{"the list itself", "GET", w.listPath(t), nil, 200},
		{"`GET /users/{id}/timetables`, one's own", "GET", "/users/" + owner.id + "/timetables", nil, 200}, // 2 timetables, 2 lectures
		{"`POST /me/timetables`", "POST", "/me/timetables", map[string]string{"semester_id": oldKorea, "title": "x"}, 201},
		{"`POST …/lectures`", "POST", lectures, dataLecture(), 201},
		{"`PUT …/lectures/{id}`", "PUT", lectures + "/" + first.ID, dataLecture(), 200},
		{"`DELETE …/lectures/{id}`", "DELETE", lectures + "/" + second.ID, nil, 204},
		{"a call without or with a bad token, where one is needed", "POST", lectures, nil, 401},
	} {
		access := owner.access
		if c.status == 401 && c.body == nil {
			access = "null"
		}
		got := w.billed(func() {
			if r := call(t, c.method, w.url+c.path, access, c.body); r.status != c.status {
				t.Errorf("%s: %d %s", c.row, r.status, r.body)
			}
		})
		if want := documented[c.row]; fmt.Sprintf("%d | %d | %d", got.Reads, got.Writes, got.Deletes) != sum(want, 2, 2) {
			t.Errorf("%s bills %+v, docs/old-clients.md says %q", c.row, got, want)
		}
	}
	var others []timetableAnswer
	got := w.billed(func() { call(t, "GET", w.url+"/users/"+owner.id+"/timetables", "null", nil).into(t, &others) })
	if want := documented["… another's"]; fmt.Sprintf("%d | 0 | 0", got.Reads) != sum(want, 3, 2) {
		t.Errorf("another's timetables bill %+v, docs/old-clients.md says %q", got, want)
	}
}

// sum works out the reads of a row, "1 + timetables + lectures | 0 | 0".
func sum(row string, timetables, lectures int) string {
	reads, rest, _ := strings.Cut(row, " | ")
	total := 0
	for term := range strings.SplitSeq(reads, " + ") {
		switch term {
		case "timetables":
			total += timetables
		case "lectures":
			total += lectures
		default:
			n, _ := strconv.Atoi(term)
			total += n
		}
	}
	return fmt.Sprintf("%d | %s", total, rest)
}

// documentedCosts are the rows of the table by their first column, "reads | writes | deletes".
func documentedCosts(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/old-clients.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[cells[0]] = strings.Join(cells[1:], " | ")
	}
	if len(rows) < 15 {
		t.Fatalf("docs/old-clients.md has only %d rows of costs", len(rows))
	}
	return rows
}

// listPath is the path of a course list below the base path.
func (w *world) listPath(t testing.TB) string {
	t.Helper()
	var answer struct{ URL string }
	call(t, "GET", w.url+"/semesters/"+oldKorea+"/lectures-url", "", nil).into(t, &answer)
	return strings.TrimPrefix(answer.URL, publicURL+"/apis/v2")
}

// fill gives a user timetables with lectures, and lectures of timetables that were deleted before.
func (w *world) fill(t testing.TB, uid string, timetables, lectures, left int) {
	t.Helper()
	bulk := w.fs.BulkWriter(t.Context())
	write := func(path string, fields map[string]any) {
		fields["createdAt"], fields["updatedAt"] = time.Now(), time.Now()
		if _, err := bulk.Set(w.fs.Doc(path), fields); err != nil {
			t.Fatal(err)
		}
	}
	lecture := func(path, title string) {
		write(path, map[string]any{"identifier": "X", "title": title, "professor": "", "credit": 3, "category": []string{}, "metas": []any{},
			"times": []any{map[string]any{"weekday": 0, "timeBegin": 540, "timeEnd": 615, "room": "101"}}})
	}
	for i := range timetables {
		path := fmt.Sprintf("users/%s/timetables/%032x", uid, 2*i)
		write(path, map[string]any{"title": fmt.Sprint(i), "visibility": "public", "semester": w.fs.Doc(koreaFall)})
		for j := range lectures {
			lecture(fmt.Sprintf("%s/lectures/lecture%04d", path, j), fmt.Sprint(i))
		}
	}
	for i := range left {
		lecture(fmt.Sprintf("users/%s/timetables/%032x/lectures/lecture%04d", uid, 1, i), "left")
	}
	bulk.End()
}

// 50 timetables of 10 lectures are two queries, and no more reads than documents.
func TestManyTimetables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	w.fill(t, u.id, 50, 10, 0)
	w.fill(t, u.id+"0", 1, 10, 0) // next to him
	call(t, "GET", w.url+"/schools", "", nil)
	var list []timetableAnswer
	got := w.billed(func() { list = w.timetables(t, u.id, u.access) })
	if got.Reads != 550 {
		t.Errorf("%d reads, want 550", got.Reads)
	}
	if len(list) != 50 {
		t.Fatalf("%d timetables", len(list))
	}
	for _, made := range list {
		if len(made.Lectures) != 10 || made.Lectures[0].Title != made.Title || made.Lectures[0].ID != "lecture0000" {
			t.Errorf("timetable %s has %d lectures", made.Title, len(made.Lectures))
		}
	}
}

// Lectures that a deleted timetable left behind are not shown, and however many there are, they do not push out others nor cost
// without limit.
func TestLecturesLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	w.fill(t, u.id, 3, 4, 2500) // between the first and the second timetable
	call(t, "GET", w.url+"/schools", "", nil)
	var list []timetableAnswer
	got := w.billed(func() { list = w.timetables(t, u.id, u.access) })
	if want := 3 + 1000 + 8; got.Reads != want {
		t.Errorf("%d reads, want %d: one page, and what is behind what was left", got.Reads, want)
	}
	for _, made := range list {
		if len(made.Lectures) != 4 || made.Lectures[0].Title != made.Title {
			t.Errorf("timetable %s has %d lectures", made.Title, len(made.Lectures))
		}
	}
}

// Whatever a client has written, a list costs no more than its bound.
func TestListIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	w.fill(t, u.id, timetable.MaxTimetables+5, 25, 0)
	var list []timetableAnswer
	got := w.billed(func() { list = w.timetables(t, u.id, u.access) })
	if most := timetable.MaxTimetables + timetable.MaxLectures + 6; len(list) != timetable.MaxTimetables || got.Reads > most {
		t.Errorf("%d timetables and %d reads, want %d and at most %d", len(list), got.Reads, timetable.MaxTimetables, most)
	}
}
