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

// TestCostOfCalls checks that each call bills what the table in docs/old-clients.md says when the
// catalog is cached. It is long because of its table.
func TestCostOfCalls(t *testing.T) {
	t.Parallel()
	documented := documentedCosts(t)
	fx := newFixture(t)
	// 2 schools and 4 semesters, but not the refresh service's records.
	if got := fx.billed(t, func() { call(t, "GET", fx.url+"/schools", "", nil) }); got != (emulatortest.Cost{Reads: 6}) {
		t.Errorf("the first call that reads the catalog: %+v", got)
	}
	owner := fx.signUp(t, "owner")
	made := fx.makeTimetable(t, owner, oldKorea, "시간표")
	first, second := fx.addLecture(t, owner, made.ID, dataLecture()), fx.addLecture(t, owner, made.ID, dataLecture())
	fx.makeTimetable(t, owner, oldDemo, "빈 시간표")
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
		{"the list itself", "GET", fx.listPath(t), nil, 200},
		{"`GET /users/{id}/timetables`, the caller's own", "GET", "/users/" + owner.id + "/timetables", nil, 200}, // 2 timetables, 2 lectures
		{"`POST /me/timetables`", "POST", "/me/timetables", map[string]string{"semester_id": oldKorea, "title": "x"}, 201},
		{"`POST …/lectures`", "POST", lectures, dataLecture(), 201},
		{"`PUT …/lectures/{id}`", "PUT", lectures + "/" + first.ID, dataLecture(), 200},
		{"`DELETE …/lectures/{id}`", "DELETE", lectures + "/" + second.ID, nil, 204},
		{"a call that needs a token, with a missing or invalid one", "POST", lectures, nil, 401},
	} {
		access := owner.access
		if c.status == 401 && c.body == nil {
			access = "null"
		}
		got := fx.billed(t, func() {
			if r := call(t, c.method, fx.url+c.path, access, c.body); r.status != c.status {
				t.Errorf("%s: %d %s", c.row, r.status, r.body)
			}
		})
		if want := documented[c.row]; fmt.Sprintf("%d | %d | %d", got.Reads, got.Writes, got.Deletes) != sum(want, 2, 2) {
			t.Errorf("%s bills %+v, but docs/old-clients.md says %q", c.row, got, want)
		}
	}
	var others []timetableResponse
	got := fx.billed(t, func() { call(t, "GET", fx.url+"/users/"+owner.id+"/timetables", "null", nil).into(t, &others) })
	if want := documented["… another user's"]; fmt.Sprintf("%d | 0 | 0", got.Reads) != sum(want, 3, 2) {
		t.Errorf("another user's timetables bill %+v, but docs/old-clients.md says %q", got, want)
	}
}

// sum replaces the sum in a row such as "1 + timetables + lectures | 0 | 0" by its value.
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

// documentedCosts returns the rows of the table, "reads | writes | deletes", by their first column.
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
		t.Fatalf("the cost table in docs/old-clients.md has only %d rows", len(rows))
	}
	return rows
}

// listPath returns the path of a course list relative to the base path.
func (fx *fixture) listPath(t testing.TB) string {
	t.Helper()
	var found struct{ URL string }
	call(t, "GET", fx.url+"/semesters/"+oldKorea+"/lectures-url", "", nil).into(t, &found)
	return strings.TrimPrefix(found.URL, publicURL+"/apis/v2")
}

// fill writes timetables with lectures for a user, and orphaned lectures of a deleted timetable,
// which sorts between the first and the second one.
func (fx *fixture) fill(t testing.TB, uid string, timetables, lectures, orphans int) {
	t.Helper()
	bulk := fx.fs.BulkWriter(t.Context())
	write := func(path string, fields map[string]any) {
		fields["createdAt"], fields["updatedAt"] = time.Now(), time.Now()
		if _, err := bulk.Set(fx.fs.Doc(path), fields); err != nil {
			t.Fatal(err)
		}
	}
	lecture := func(path, title string) {
		write(path, map[string]any{
			"identifier": "X", "title": title, "professor": "", "credit": 3, "category": []string{}, "metas": []any{},
			"times": []any{map[string]any{"weekday": 0, "timeBegin": 540, "timeEnd": 615, "room": "101"}},
		})
	}
	for i := range timetables {
		path := fmt.Sprintf("users/%s/timetables/%032x", uid, 2*i)
		write(path, map[string]any{"title": fmt.Sprint(i), "visibility": "public", "semester": fx.fs.Doc(koreaFall)})
		for j := range lectures {
			lecture(fmt.Sprintf("%s/lectures/lecture%04d", path, j), fmt.Sprint(i))
		}
	}
	for i := range orphans {
		lecture(fmt.Sprintf("users/%s/timetables/%032x/lectures/lecture%04d", uid, 1, i), "orphan")
	}
	bulk.End()
}

// 50 timetables of 10 lectures bill one read per document.
func TestManyTimetables(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	fx.fill(t, u.id, 50, 10, 0)
	fx.fill(t, u.id+"0", 1, 10, 0) // the next user in name order
	call(t, "GET", fx.url+"/schools", "", nil)
	var list []timetableResponse
	got := fx.billed(t, func() { list = fx.timetables(t, u.id, u.access) })
	if got.Reads != 550 {
		t.Errorf("%d reads, want 550", got.Reads)
	}
	if len(list) != 50 {
		t.Fatalf("%d timetables, want 50", len(list))
	}
	for _, made := range list {
		if len(made.Lectures) != 10 || made.Lectures[0].Title != made.Title || made.Lectures[0].ID != "lecture0000" {
			t.Errorf("timetable %s has %d lectures", made.Title, len(made.Lectures))
		}
	}
}

// Orphaned lectures of deleted timetables are not listed. Any number of them neither displaces
// other lectures nor raises the cost beyond one page.
func TestOrphanedLectures(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	fx.fill(t, u.id, 3, 4, 2500)
	call(t, "GET", fx.url+"/schools", "", nil)
	var list []timetableResponse
	got := fx.billed(t, func() { list = fx.timetables(t, u.id, u.access) })
	if want := 3 + 1000 + 8; got.Reads != want {
		t.Errorf("%d reads, want %d: one page, and the lectures after the orphans", got.Reads, want)
	}
	for _, made := range list {
		if len(made.Lectures) != 4 || made.Lectures[0].Title != made.Title {
			t.Errorf("timetable %s has %d lectures", made.Title, len(made.Lectures))
		}
	}
}

// A list costs no more than its limits, however many documents a client has written.
func TestListIsLimited(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	fx.fill(t, u.id, timetable.MaxTimetables+5, 25, 0)
	var list []timetableResponse
	got := fx.billed(t, func() { list = fx.timetables(t, u.id, u.access) })
	if most := timetable.MaxTimetables + timetable.MaxLectures + 6; len(list) != timetable.MaxTimetables || got.Reads > most {
		t.Errorf("%d timetables and %d reads, want %d and at most %d", len(list), got.Reads, timetable.MaxTimetables, most)
	}
}
