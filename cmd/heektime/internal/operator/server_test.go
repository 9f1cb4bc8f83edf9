package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/schema"
)

// world is a local cloud with a user, a semester that published two lists, and a console.
type world struct {
	*emulatortest.Cloud
	fs       *firestore.Client
	accounts *firebaseauth.Client
	console  *operator.Console
	url, key string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t)}
	w.fs = w.FirestoreClient(t)
	w.accounts = authclient.New(t, w.Project, w.AuthAddress())
	log := slog.New(slog.DiscardHandler)
	d, err := deletion.New(deletion.Config{Firestore: w.fs, Accounts: w.accounts, Log: log})
	must(t, err)
	objects := storageclient.New(t, w.StorageAddress())
	w.console, err = operator.NewConsole(operator.Config{
		Users:     &operator.Users{Project: w.Project, Firestore: w.fs, Accounts: w.accounts, Deletion: d},
		Firestore: w.fs, Objects: objects, Log: log,
	})
	must(t, err)
	server := httptest.NewServer(w.console)
	t.Cleanup(server.Close)
	w.url = server.URL
	_, w.key, _ = strings.Cut(w.console.URL(""), "#")

	ctx := t.Context()
	_, err = w.accounts.CreateUser(ctx, (&firebaseauth.UserToCreate{}).UID("uid-minsu").Email("minsu@user.heektime.heek.kr").Password("password"))
	must(t, err)
	user := schema.UserRef(w.fs, "uid-minsu")
	_, err = user.Set(ctx, schema.User{Username: "minsu"})
	must(t, err)
	_, err = schema.UsernameRef(w.fs, "minsu").Set(ctx, schema.Username{UID: "uid-minsu"})
	must(t, err)
	published := []schema.Published{}
	for i, list := range []schema.CourseList{
		{{Identifier: "A-01", Title: "데이터베이스", Credit: 3}, {Identifier: "C-01", Title: "운영체제"}},
		{{Identifier: "A-01", Title: "데이터베이스", Credit: 2}, {Identifier: "B-01", Title: "컴퓨터구조"}},
	} {
		name := fmt.Sprintf("%slist%d.json", schema.SemesterPrefix("korea", "2026-0900"), i)
		o := objects.Bucket(w.Project).Object(name).NewWriter(ctx)
		must(t, list.Encode(o))
		must(t, o.Close())
		published = append(published, schema.Published{Object: schema.Object{Name: name}, Lectures: len(list), At: time.Unix(int64(1e9-i), 0)})
	}
	record := schema.RefreshRef(w.fs, "korea", "2026-0900")
	meeting := func(weekday int, room string) map[string]any {
		return schema.Lecture{Times: []schema.LectureTime{{Weekday: weekday, TimeBegin: 540, TimeEnd: 615, Room: room}}}.ListFields()
	}
	held := schema.Change{At: time.Now(), Before: 5000, After: 2, Removed: 4999, Changed: 1, Lectures: []schema.LectureChange{
		{Kind: schema.LectureChanged, Identifier: "A-01", Title: "데이터베이스",
			Before: map[string]any{"times": meeting(0, "가온관 101호")["times"], "metas": []any{}},
			After:  map[string]any{"times": meeting(6, "")["times"], "metas": schema.Lecture{Metas: []schema.LectureMeta{schema.Tag("영강")}}.ListFields()["metas"]}},
		{Kind: schema.LectureRemoved, Identifier: "D-01", Title: "지워진 강의"},
	}}
	_, err = record.Set(ctx, schema.Refresh{Published: published, HeldBack: held, LastRun: schema.Run{
		Outcome: "suspicious", Reason: "the list has 2 lectures instead of 5,000", Ended: time.Now(), Lectures: 2, URL: "gs://" + w.Project + "/" + published[0].Name,
	}})
	must(t, err)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call calls the API and returns the status and the response.
func (w *world) call(t testing.TB, method, path string, body any, headers map[string]string) (int, map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, bytes.NewReader(text))
	must(t, err)
	r.Header.Set("X-Console", w.key)
	for name, value := range headers {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	must(t, err)
	defer response.Body.Close()
	var value map[string]any
	json.NewDecoder(response.Body).Decode(&value) // a list or a page stays nil
	return response.StatusCode, value
}

func TestRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	block := map[string]any{"project": w.Project, "uid": "uid-minsu", "action": "block"}
	with := func(name string, value any) map[string]any {
		body := map[string]any{name: value}
		for k, v := range block {
			if k != name {
				body[k] = v
			}
		}
		return body
	}
	for _, c := range []struct {
		name    string
		body    any
		headers map[string]string
		status  int
	}{
		{"without the key", block, map[string]string{"X-Console": ""}, 403},
		{"with another key", block, map[string]string{"X-Console": w.key[1:] + "A"}, 403},
		{"by a page of another origin", block, map[string]string{"Origin": "https://evil.example"}, 403},
		{"by a page of another port", block, map[string]string{"Origin": "http://127.0.0.1:5173"}, 403},
		{"by a page of another site", block, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"under another host name", block, map[string]string{"Host": "evil.example"}, 403},
		{"of another project", with("project", "other"), nil, 409},
		{"without a project", with("project", ""), nil, 409},
		{"of nobody", with("uid", "nobody"), nil, 404},
		{"by username", with("uid", "minsu"), nil, 400},
		{"with an unknown action", with("action", "end"), nil, 400},
		{"with an unknown field", with("force", true), nil, 400},
		{"as a list", []any{block}, nil, 400},
		{"too large", with("reason", strings.Repeat("x", 1<<20)), nil, 400},
	} {
		if status, body := w.call(t, "POST", "/api/user", c.body, c.headers); status != c.status {
			t.Errorf("a block %s: %d %v, want %d", c.name, status, body, c.status)
		}
	}
	if status, _ := w.call(t, "GET", "/api/user?find=uid-minsu", nil, map[string]string{"X-Console": ""}); status != 403 {
		t.Errorf("reading without the key: %d", status)
	}
	if status, _ := w.call(t, "GET", "/api/user?action=block&uid=uid-minsu", nil, nil); status != 400 {
		t.Errorf("a change by GET: %d", status)
	}
	if account, err := w.accounts.GetUser(t.Context(), "uid-minsu"); err != nil || account.Disabled {
		t.Errorf("the account is disabled (%v)", err)
	}
}

func TestUsersAndDifference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	change := func(action string) map[string]any {
		t.Helper()
		status, user := w.call(t, "POST", "/api/user", map[string]any{"project": w.Project, "uid": "uid-minsu", "action": action, "reason": "스팸"}, nil)
		if status != 200 {
			t.Errorf("%s: %d %v", action, status, user)
		}
		hidden, _ := user["hidden"].(map[string]any)
		return hidden
	}
	for _, find := range []string{"uid-minsu", "minsu", "minsu@user.heektime.heek.kr", "%20minsu%20"} {
		if status, user := w.call(t, "GET", "/api/user?find="+find, nil, nil); status != 200 || user["username"] != "minsu" {
			t.Errorf("find %s: %d %v", find, status, user)
		}
	}
	if h := change("block"); h["blocked"] != true || h["reason"] != "스팸" || h["username"] != "minsu" {
		t.Errorf("blocked: %v", h)
	}
	if h := change("delete"); h["blocked"] != true || h["deleting"] != true {
		t.Errorf("blocked and deleted: %v", h)
	}
	if _, list := w.call(t, "GET", "/api/hidden", nil, nil); len(list["users"].([]any)) != 1 {
		t.Errorf("hidden: %v", list)
	}
	if h := change("restore"); h["blocked"] != true || h["deleting"] != false {
		t.Errorf("restored: %v", h)
	}
	if h := change("unblock"); h != nil {
		t.Errorf("unblocked: %v", h)
	}
	status, d := w.call(t, "GET", "/api/difference?school=korea&semester=2026-0900", nil, nil)
	published, _ := d["published"].(map[string]any)
	if text := fmt.Sprint(published["added"], published["removed"], published["changed"]); status != 200 ||
		text != "map[count:1 list:[map[identifier:C-01 title:운영체제]]] map[count:1 list:[map[identifier:B-01 title:컴퓨터구조]]] "+
			"map[count:1 list:[map[changes:[credit: 2 → 3] identifier:A-01 title:데이터베이스]]]" {
		t.Errorf("difference: %d %s", status, text)
	}
	held, _ := d["heldBack"].(map[string]any)
	if text := fmt.Sprint(held["older"], held["removed"], held["changed"]); !strings.Contains(text, "lectures:5000") ||
		!strings.Contains(text, "map[count:4999 list:[map[identifier:D-01 title:지워진 강의]]]") ||
		!strings.Contains(text, "changes:[metas: none → 영강 times: Mon 09:00-10:15 가온관 101호 → Sun 09:00-10:15]") {
		t.Errorf("held back: %s", text)
	}
	if status, _ := w.call(t, "GET", "/api/difference?school=korea&semester=1999-0900", nil, nil); status != 404 {
		t.Errorf("difference of nothing: %d", status)
	}
	if status, body := w.call(t, "POST", "/api/refresh", map[string]any{"project": w.Project, "school": "korea", "semester": "2026-0900"}, nil); status != 409 || body["code"] != "no-queue" {
		t.Errorf("refresh without a queue: %d %v", status, body)
	}
}

// The console shows how far a move is, with rates since the last call, and why the old database cannot be read.
func TestMigration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, o := w.call(t, "GET", "/api/migration", nil, nil)
	next, _ := o["next"].(map[string]any)
	if kinds, _ := o["kinds"].([]any); status != 200 || len(kinds) != 3 || next["command"] != "plan" || o["copy"] != nil {
		t.Errorf("before a move: %d %v", status, o)
	}
	w.console.OldDatabaseError = "no such host"
	now := time.Now()
	for i, lsn := range []string{"0/1000", "0/FFFF1000"} {
		_, err := schema.MigrationPositionRef(w.fs).Set(t.Context(), schema.MigrationPosition{Slot: "s", LSN: lsn, AppliedAt: now})
		must(t, err)
		status, o = w.call(t, "GET", "/api/migration", nil, nil)
		follow, _ := o["follow"].(map[string]any)
		rate, _ := follow["bytesPerSecond"].(float64)
		if status != 200 || o["oldDatabase"] != "no such host" || follow["lsn"] != lsn || (rate > 0) != (i == 1) {
			t.Errorf("at %s: %d %v", lsn, status, o)
		}
	}
	if status, _ := w.call(t, "GET", "/api/migration", nil, map[string]string{"X-Console": ""}); status != 403 {
		t.Errorf("without the key: %d", status)
	}
}

// TestPage blocks and unblocks a user in a browser, in Korean. It is long because each step needs the page that
// the previous one left.
func TestPage(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	w := newWorld(t)
	_, address, _ := strings.Cut(w.url, "//")
	page := browser.Open(t, w.console.URL(address))
	do := func(expression string) {
		t.Helper()
		must(t, page.Eval(t.Context(), expression+"; undefined", nil))
	}
	read := func(selector, text string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // so long that exceeding it means a hang
		defer cancel()
		for ok := false; !ok; time.Sleep(20 * time.Millisecond) {
			expression := fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))", selector, text)
			if err := page.Eval(ctx, expression, &ok); ctx.Err() != nil {
				var all string
				page.Eval(t.Context(), "document.body.innerText", &all)
				t.Fatalf("no %s with %q (%v) in:\n%s\n%s", selector, text, err, all, page.Console())
			}
		}
	}
	click := func(selector, text string) {
		t.Helper()
		read(selector, text)
		do(fmt.Sprintf("[...document.querySelectorAll(%q)].find((e) => e.textContent.includes(%q)).click()", selector, text))
	}
	shoot := func(name string) {
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			png, err := page.Screenshot(t.Context())
			must(t, err)
			must(t, os.WriteFile(dir+"/"+name+".png", png, 0o600))
		}
	}
	read("h1", "")
	do("[...document.querySelectorAll('button')].filter((b) => b.textContent === '한국어').forEach((b) => b.click())")
	read(".sections a", "사용자")
	read(".brand", w.Project)
	do("document.querySelector('[name=find]').value = 'minsu'")
	click(".bar button", "찾기")
	read(".badge", "사용 중")
	shoot("user")
	click(".buttons button", "차단")
	read("dialog", w.Project)
	read("dialog", "uid-minsu")
	shoot("block")
	do("document.querySelector('dialog [name=reason]').value = '<img src=x onerror=window.pwned=1>'")
	click("dialog footer button", "차단")
	read(".badge", "차단됨")
	shoot("blocked")
	click(".sections a", "차단·삭제 예정")
	read("td", "<img src=x")
	shoot("hidden")
	click(".sections a", "강의 목록")
	read("td", "게시 보류")
	shoot("refreshes")
	click("td button", "비교")
	read("dialog h4", "추가 1개")
	read("dialog h3", "보류된 목록을 게시하면")
	shoot("compare")
	click("dialog button", "닫기")
	click(".sections a", "데이터 이전")
	read(".card", "heektime migrate plan")
	read(".card", "아직 복사한 데이터가 없어요")
	read("dd", "첫 전환 전에는 필요하지 않아요")
	shoot("migration")
	do("location.hash = '#/users/uid-minsu'")
	click(".buttons button", "차단 해제")
	click("dialog footer button", "차단 해제")
	read(".badge", "사용 중")
	var pwned bool
	if err := page.Eval(t.Context(), "window.pwned !== undefined", &pwned); err != nil || pwned {
		t.Errorf("a reason was parsed as markup (%v)", err)
	}
	if text := page.Console(); text != "" {
		t.Errorf("the browser console shows: %s", text)
	}
	do("sessionStorage.removeItem('key'); location.reload()")
	read(".problem", "heektime console")
}
