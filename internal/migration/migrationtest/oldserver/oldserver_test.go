package oldserver_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/oldserver"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
)

// world is an old server with a few users, half of them dirty.
type world struct {
	t    *testing.T
	old  *oldserver.Running
	data *olddata.Generator
	conn *pgx.Conn
}

func newWorld(t *testing.T) *world {
	db := postgrestest.NewDatabase(t, olddata.Schema)
	conn, err := pgx.Connect(t.Context(), db.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	data := olddata.New(olddata.Config{Users: 1000})
	if _, err := olddata.Fill(t.Context(), conn, data); err != nil {
		t.Fatal(err)
	}
	return &world{t, oldserver.Start(t, db.URL(), oldserver.Config{}), data, conn}
}

// call makes a request, checks the response's status, and returns its JSON.
func (w *world) call(status int, method, path, token, body string) any {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.old.URL+"/apis/v2"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if response.StatusCode != status {
		w.t.Fatalf("%s %s: %d %s, want %d", method, path, response.StatusCode, text, status)
	}
	if len(text) == 0 {
		return nil
	}
	if got := response.Header.Get("Content-Type"); got != "application/json" {
		w.t.Errorf("%s %s: Content-Type %q", method, path, got)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		w.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return value
}

// field returns a field of a JSON object within objects.
func field(value any, path ...any) any {
	for _, key := range path {
		switch key := key.(type) {
		case string:
			value = value.(map[string]any)[key]
		case int:
			value = value.([]any)[key]
		}
	}
	return value
}

func TestJourney(t *testing.T) {
	w := newWorld(t)
	created := w.call(201, "POST", "/users", "null", `{"username": "새사용자", "password": "12345678", "name": "희경"}`)
	w.call(409, "POST", "/users", "null", `{"username": "새사용자", "password": "12345678", "name": "희경"}`)
	w.call(400, "POST", "/users", "null", `{"username": "kim", "password": "12345678", "name": "희경"}`)
	w.call(401, "POST", "/auth/token", "null", `{"username": "새사용자", "password": "87654321"}`)
	tokens := w.call(200, "POST", "/auth/token", "null", `{"username": "새사용자", "password": "12345678"}`)
	refresh := field(tokens, "refresh_token").(string)
	token := field(w.call(200, "POST", "/auth/refresh-token", "null", `{"refresh_token": "`+refresh+`"}`), "access_token").(string)
	w.call(401, "POST", "/auth/refresh-token", "null", `{"refresh_token": "`+token+`"}`)
	w.call(401, "GET", "/me", refresh, "")
	w.call(401, "GET", "/me", "null", "")
	if id := field(w.call(200, "GET", "/me", token, ""), "id"); id != field(created, "id") {
		t.Errorf("me is %v, want %v", id, field(created, "id"))
	}
	w.call(200, "GET", "/username/"+url.PathEscape("새사용자"), "null", "")
	w.call(404, "GET", "/username/nobody", "null", "")

	w.call(404, "POST", "/me/timetables", token, `{"semester_id": "nowhere", "title": "1안"}`)
	timetable := w.call(201, "POST", "/me/timetables", token, `{"semester_id": "korea_univ_anam/2022-2학기", "title": "1안"}`)
	if lectures := field(timetable, "lectures").([]any); len(lectures) != 0 || field(timetable, "semester", "school", "id") != "korea_univ_anam" {
		t.Errorf("created timetable: %v", timetable)
	}
	lectures := "/me/timetables/" + field(timetable, "id").(string) + "/lectures"
	const body = `{"title": "자료구조", "credit": 3, "times": [{"weekday": 7, "timeBegin": 700, "timeEnd": 600}], "category": ["전공", "필수"], "tags": [{"name": "영강"}], "url": "x"}`
	lecture := w.call(201, "POST", lectures, token, body)
	one := lectures + "/" + field(lecture, "id").(string)
	put := w.call(200, "PUT", one, token, strings.ReplaceAll(body, "자료구조", "운영체제"))
	if field(put, "title") != "운영체제" || field(put, "times", 0, "weekday") != 7.0 || field(put, "category", 1) != "필수" ||
		field(put, "tags", 0, "name") != "영강" || field(put, "professor") != nil || field(put, "id") != field(lecture, "id") {
		t.Errorf("put lecture: %v", put)
	}
	w.call(500, "PUT", one, token, `{"title": "\u0000"}`)
	list := w.call(200, "GET", "/users/"+field(created, "id").(string)+"/timetables", "null", "")
	if field(list, 0, "lectures", 0, "title") != "운영체제" || field(list, 0, "user", "id") != field(created, "id") {
		t.Errorf("timetables: %v", list)
	}
	w.call(204, "DELETE", one, token, "")
	w.call(404, "DELETE", one, token, "")
	w.call(404, "POST", "/me/timetables/"+*w.data.User(1).Timetables[0].Lectures[0].TimetableID+"/lectures", token, body)

	schools := w.call(200, "GET", "/schools", "null", "").([]any)
	if len(schools) != 4 {
		t.Errorf("%d schools, want 4", len(schools))
	}
	list = w.call(200, "GET", "/semesters/korea_univ_anam/2022-2학기/lectures-url", "null", "")
	w.call(200, "GET", strings.TrimPrefix(field(list, "url").(string), w.old.URL+"/apis/v2"), "null", "")
}

// Every user, dirty or not, has the timetables that the generator made.
func TestDirtyUsers(t *testing.T) {
	w := newWorld(t)
	for i := range w.data.Len() {
		u := w.data.User(i)
		if i%10 != 5 && i > 20 {
			continue
		}
		list := w.call(200, "GET", "/users/"+u.ID+"/timetables", "null", "").([]any)
		if want := len(u.Timetables); len(list) > want || u.Dirt == "" && len(list) != want {
			t.Errorf("user %d (%s) has %d timetables, want %d", i, u.Dirt, len(list), want)
		}
		if u.Username == nil || u.Password == "" {
			continue
		}
		body, _ := json.Marshal(map[string]string{"username": *u.Username, "password": u.Password})
		token := field(w.call(200, "POST", "/auth/token", "null", string(body)), "access_token").(string)
		if id := field(w.call(200, "GET", "/me", token, ""), "id"); id != u.ID {
			t.Errorf("user %d is %v, want %v", i, id, u.ID)
		}
	}
}

func TestExpiredToken(t *testing.T) {
	w := newWorld(t)
	user := w.data.User(0).ID
	expired, err := w.old.Token(user, oldserver.Access, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if code := field(w.call(401, "GET", "/me", expired, ""), "code"); code != "AT003" {
		t.Errorf("code %v, want AT003", code)
	}
	refresh, err := w.old.Token(user, oldserver.Refresh, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	token := field(w.call(200, "POST", "/auth/refresh-token", "null", `{"refresh_token": "`+refresh+`"}`), "access_token").(string)
	w.call(200, "GET", "/me", token, "")
}
