package operator_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/cmd/heektime/internal/bill"
	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// world is a local cloud with a user, a semester that published two lists, and a console.
type world struct {
	*emulatortest.Cloud
	fs       *firestore.Client
	accounts *firebaseauth.Client
	console  *operator.Console
	url, key string
}

// newWorld is long because it makes something of everything that the console shows.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t)}
	w.fs = w.FirestoreClient(t)
	w.accounts = authclient.New(t, w.Project, w.AuthAddress())
	log := slog.New(slog.DiscardHandler)
	refreshes, notifications := w.queue(t, "refresh"), w.queue(t, "push")
	d, err := deletion.New(deletion.Config{Firestore: w.fs, Accounts: w.accounts, Log: log})
	must(t, err)
	objects := storageclient.New(t, w.StorageAddress())
	w.console, err = operator.NewConsole(operator.Config{
		Users:     &operator.Users{Project: w.Project, Firestore: w.fs, Accounts: w.accounts, Deletion: d},
		Firestore: w.fs, Objects: objects, Log: log, Queue: (*refresh.Queue)(refreshes), PushQueue: notifications,
		Usage: func(ctx context.Context, _ billing.Month) (billing.Usage, *billing.Prices, error) {
			return bill.Local(ctx, http.DefaultClient, w.HubAddress())
		},
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
		o.ContentEncoding = "gzip"
		zipped := gzip.NewWriter(o)
		must(t, list.Encode(zipped))
		must(t, zipped.Close())
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
	}, Failing: schema.Failing{Since: time.Unix(1e9, 0), Runs: 15, Slots: 1}})
	must(t, err)
	return w
}

// queue makes a queue whose tasks wait.
func (w *world) queue(t *testing.T, id string) *taskqueue.Queue {
	t.Helper()
	parent := "projects/" + w.Project + "/locations/asia-northeast3"
	q := &taskqueue.Queue{
		Client: tasksclient.New(t, w.TasksAddress()), Name: parent + "/queues/" + id, URL: "http://127.0.0.1:1", Audience: id,
		ServiceAccount: "tasks@demo-test.iam.gserviceaccount.com",
	}
	_, err := q.Client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: q.Name}})
	must(t, err)
	_, err = q.Client.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: q.Name})
	must(t, err)
	return q
}

// tasks returns the bodies of a queue's tasks, and when they are due.
func (w *world) tasks(t *testing.T, q *taskqueue.Queue) (bodies []string, due []time.Time) {
	t.Helper()
	for it := q.Client.ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: q.Name, ResponseView: cloudtaskspb.Task_FULL}); ; {
		task, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return bodies, due
		}
		must(t, err)
		bodies, due = append(bodies, string(task.GetHttpRequest().GetBody())), append(due, task.GetScheduleTime().AsTime())
	}
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

// It is long because each step depends on the one before.
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
	list, err := operator.Refreshes(t.Context(), w.fs)
	must(t, err)
	if f := list[0].Failing; len(list) != 1 || f == nil || f.Runs != 15 || !f.Since.Equal(time.Unix(1e9, 0)) || f.Reported != nil {
		t.Errorf("refreshes: %+v", list)
	}
	_, err = schema.RefreshRef(w.fs, "korea", "2026-0900").Set(t.Context(), schema.Refresh{})
	must(t, err)
	if list, err := operator.Refreshes(t.Context(), w.fs); err != nil || list[0].Failing != nil {
		t.Errorf("after a good run: %+v, %v", list, err)
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
	// A refresh is named by the cloud's time: one that is older than the last run would do nothing.
	w.Advance(t, 5*time.Hour)
	start := map[string]any{"project": w.Project, "school": "korea", "semester": "2026-0900", "accept": true}
	status, body := w.call(t, "POST", "/api/refresh", start, nil)
	slot, _ := time.Parse(time.RFC3339, fmt.Sprint(body["slot"]))
	if status != 200 || slot.Before(time.Now().Add(4*time.Hour)) || slot.After(w.Clock.Now()) {
		t.Errorf("a refresh when the cloud's clock is 5 hours ahead: %d %v", status, body)
	}
	if bodies, _ := w.tasks(t, (*taskqueue.Queue)(w.console.Queue)); len(bodies) != 1 || !strings.Contains(bodies[0], `"accept":true`) {
		t.Errorf("tasks: %q", bodies)
	}
	w.console.Queue = nil
	if status, body := w.call(t, "POST", "/api/refresh", start, nil); status != 409 || body["code"] != "no-queue" {
		t.Errorf("refresh without a queue: %d %v", status, body)
	}
}

// An account that an operator deletes can be restored for as long as the services say, whose clock is the cloud's.
func TestDeletionByTheCloudsTime(t *testing.T) {
	w := newWorld(t)
	t.Setenv("FIREBASE_AUTH_EMULATOR_HOST", w.AuthAddress())
	users, err := operator.OpenUsers(t.Context(), w.Project, w.fs, slog.New(slog.DiscardHandler))
	must(t, err)
	w.Advance(t, 5*time.Hour)
	hidden, err := users.Delete(t.Context(), "uid-minsu", false)
	must(t, err)
	if ahead := time.Until(hidden.Requested); ahead < 4*time.Hour || ahead > 5*time.Hour {
		t.Errorf("the deletion was requested %v ahead of this machine's clock, want 5 hours", ahead)
	}
}

// Announcements are added, listed and ended, and what clients could not show is rejected. It is long because each
// step needs what the previous ones left.
func TestAnnouncements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := schema.SchoolRef(w.fs, "korea").Set(t.Context(), schema.School{Name: "고려대학교"})
	must(t, err)
	add := func(change map[string]any) (int, map[string]any) {
		t.Helper()
		body := map[string]any{"project": w.Project, "korean": "점검해요", "english": "Maintenance", "audience": "all", "until": "2099-12-31T09:00", "from": "2099-12-31 08:00"}
		maps.Copy(body, change)
		return w.call(t, "POST", "/api/announcement", body, nil)
	}
	for name, c := range map[string]struct {
		change map[string]any
		status int
		want   string
	}{
		"another project":   {map[string]any{"project": "other"}, 409, "other-project"},
		"one language":      {map[string]any{"english": " "}, 400, "the English text is missing"},
		"no end":            {map[string]any{"until": ""}, 400, "is not a time"},
		"a date only":       {map[string]any{"from": "2099-12-31"}, 400, "is not a time"},
		"backwards":         {map[string]any{"from": "2099-12-31T09:01"}, 400, "must end after it begins"},
		"in the past":       {map[string]any{"from": "2020-01-01T00:00", "until": "2020-01-02T00:00"}, 400, "its end has passed"},
		"too long":          {map[string]any{"korean": strings.Repeat("가", schema.MaxAnnouncementText+1)}, 400, "want at most"},
		"another school":    {map[string]any{"audience": "seoul"}, 404, "no-school"},
		"impossible school": {map[string]any{"audience": "a/b"}, 400, "neither all nor the ID of a school"},
		"an unknown field":  {map[string]any{"sound": true}, 400, "unknown field"},
		"a late push":       {map[string]any{"push": true}, 400, "must begin within 29 days"},
	} {
		if status, body := add(c.change); status != c.status || !strings.Contains(fmt.Sprint(body), c.want) {
			t.Errorf("%s: %d %v, want %d with %q", name, status, body, c.status, c.want)
		}
	}
	_, scheduled := add(nil)
	_, current := add(map[string]any{"from": "", "until": time.Now().Add(time.Hour).Format(time.RFC3339), "audience": "korea", "korean": " <b>굵게</b>\n둘째 줄 "})
	if scheduled["state"] != "scheduled" || scheduled["from"] != "2099-12-31T08:00:00+09:00" || current["state"] != "current" {
		t.Errorf("added %v and %v", scheduled, current)
	}
	list := func() []any {
		t.Helper()
		status, body := w.call(t, "GET", "/api/announcements", nil, nil)
		if status != 200 || fmt.Sprint(body["schools"]) != "[map[id:korea name:고려대학교]]" {
			t.Errorf("list: %d %v", status, body)
		}
		all, _ := body["announcements"].([]any)
		return all
	}
	if all := list(); len(all) != 2 || all[0].(map[string]any)["id"] != scheduled["id"] || all[1].(map[string]any)["korean"] != "<b>굵게</b>\n둘째 줄" {
		t.Errorf("announcements: %v", all)
	}
	end := func(id any, status int, want string) {
		t.Helper()
		if got, body := w.call(t, "POST", "/api/announcement/end", map[string]any{"project": w.Project, "id": id}, nil); got != status || !strings.Contains(fmt.Sprint(body), want) {
			t.Errorf("end %v: %d %v, want %d with %q", id, got, body, status, want)
		}
	}
	end(current["id"], 200, "was:true")
	end(current["id"], 200, "was:false")
	end(scheduled["id"], 200, "was:true")
	end(scheduled["id"], 404, "no-announcement") // one that had not begun is gone
	end("a/b", 404, "no-announcement")
	end("", 404, "no-announcement")
	if all := list(); len(all) != 1 || all[0].(map[string]any)["state"] != "ended" {
		t.Errorf("after their ends: %v", all)
	}

	// As a notification, by a task: once it begins, but not at night.
	year, month, day := time.Now().In(operator.Seoul).Date()
	night := time.Date(year, month, day+1, 23, 0, 0, 0, operator.Seoul)
	status, pushed := add(map[string]any{"push": true, "from": night.Format(time.RFC3339), "until": night.Add(48 * time.Hour).Format(time.RFC3339)})
	bodies, due := w.tasks(t, w.console.PushQueue)
	if morning := night.Add(9 * time.Hour); status != 200 || len(due) != 1 || !due[0].Equal(morning) || bodies[0] != fmt.Sprintf(`{"announcement":"%s"}`, pushed["id"]) ||
		pushed["push"] != morning.Format(time.RFC3339) {
		t.Errorf("an announcement by push: %d %v, tasks %q at %v, want one at %v", status, pushed, bodies, due, morning)
	}
	end(pushed["id"], 200, "was:true")
	queue := w.console.PushQueue
	w.console.PushQueue = nil
	if status, body := add(map[string]any{"push": true}); status != 409 || body["code"] != "no-push-queue" {
		t.Errorf("a push without the queue: %d %v", status, body)
	}
	w.console.PushQueue = queue

	// No more than clients list: those for everyone and those for one school count together.
	for range schema.MaxAnnouncementPage - 1 {
		if status, body := add(nil); status != 200 {
			t.Fatalf("add: %d %v", status, body)
		}
	}
	if status, body := add(map[string]any{"audience": "korea"}); status != 200 {
		t.Errorf("the last one: %d %v", status, body)
	}
	for _, audience := range []string{"korea", "all"} {
		if status, body := add(map[string]any{"audience": audience}); status != 409 || body["code"] != "too-many-announcements" {
			t.Errorf("one too many, for %s: %d %v", audience, status, body)
		}
	}
	// A document that something else wrote is listed and can be ended.
	_, err = schema.AnnouncementRef(w.fs, "odd").Set(t.Context(), map[string]any{"korean": 7, "until": time.Now().Add(time.Hour)})
	must(t, err)
	end("odd", 200, "was:true")
}

// The bill of a project is read once for several pages, and what prevents reading it is a sentence with the remedy.
func TestBill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.call(t, "GET", "/api/bill", nil, nil)
	lines, _ := body["lines"].([]any)
	if status != 200 || len(lines) != len(billing.Items()) || fmt.Sprint(body["unmeasured"]) != "[]" {
		t.Errorf("the local cloud's bill: %d %v", status, body)
	}
	for _, month := range []string{"2026", "2026-13", "%25zz"} {
		if status, body := w.call(t, "GET", "/api/bill?month="+month, nil, nil); status != 400 {
			t.Errorf("month %s: %d %v", month, status, body)
		}
	}

	reads := map[billing.Month]int{}
	var failure error
	google, err := operator.NewConsole(operator.Config{
		Google: true, Users: w.console.Users, Firestore: w.fs, Log: slog.New(slog.DiscardHandler),
		Usage: func(_ context.Context, month billing.Month) (billing.Usage, *billing.Prices, error) {
			reads[month]++
			from, to := month.Bounds()
			return billing.Usage{Since: from, Until: to, Days: []billing.Day{{Date: billing.DateOf(from), Amounts: []billing.Amount{
				{Item: billing.FirestoreReads, Amount: 1_000_000},
			}}}}, billing.DefaultPrices(), failure
		},
	})
	must(t, err)
	server := httptest.NewServer(google)
	t.Cleanup(server.Close)
	w.url = server.URL
	_, w.key, _ = strings.Cut(google.URL(""), "#")
	failure = fmt.Errorf("read the metric m: %w", bill.ErrForbidden)
	if status, body := w.call(t, "GET", "/api/bill?month=2026-10", nil, nil); status != 403 || body["code"] != "bill-forbidden" {
		t.Errorf("without the role: %d %v", status, body)
	}
	failure = fmt.Errorf("read the metric m: %w", bill.ErrDisabled)
	if status, body := w.call(t, "GET", "/api/bill?month=2026-10", nil, nil); status != 403 || body["code"] != "bill-disabled" {
		t.Errorf("without the API: %d %v", status, body)
	}
	failure = nil
	for range 3 {
		status, body := w.call(t, "GET", "/api/bill?month=2026-10", nil, nil)
		months, _ := body["months"].([]any)
		if total, _ := body["total"].(map[string]any); status != 200 || body["month"] != "2026-10" || len(months) != 6 || total["usd"] == "0" {
			t.Errorf("October: %d %v, %v", status, body["total"], months)
		}
		if unmeasured, _ := body["unmeasured"].([]any); len(unmeasured) != len(bill.Unmeasured()) {
			t.Errorf("unmeasured: %v", unmeasured)
		}
	}
	w.call(t, "GET", "/api/bill?month=2026-09", nil, nil)
	if reads["2026-10"] != 3 || reads["2026-09"] != 1 { // two failures are not kept
		t.Errorf("read %v times", reads)
	}
}

// Every text that the page's modules use exists, in English and Korean.
func TestWords(t *testing.T) {
	files, err := os.ReadDir("page")
	must(t, err)
	code := string(console.Shared("bill.js")) + string(console.Shared("dialog.js"))
	words := string(console.Shared("billwords.js"))
	for _, file := range files {
		text, err := os.ReadFile("page/" + file.Name())
		must(t, err)
		if file.Name() == "words.js" {
			words += string(text)
		} else {
			code += string(text)
		}
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  '?([\w.?-]+)'?: \['(?:[^'\\]|\\.)*',\s+'(?:[^'\\]|\\.)*'\],$`).FindAllStringSubmatch(words, -1) {
		known[m[1]] = true
	}
	used := regexp.MustCompile(`\bt\('([\w.?-]+)'[,)]`).FindAllStringSubmatch(code, -1)
	if len(known) < 100 || len(used) < 50 {
		t.Fatalf("found %d texts and %d uses", len(known), len(used))
	}
	for _, m := range used {
		if !known[m[1]] {
			t.Errorf("the text %s does not exist", m[1])
		}
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
	read("td", "15회 연속 실패")
	shoot("refreshes")
	click("td button", "비교")
	read("dialog h4", "추가 1개")
	read("dialog h3", "보류된 목록을 게시하면")
	shoot("compare")
	read("dialog h4", "삭제 4,999개")
	read("dialog li", "지워진 강의")
	read("dialog li .hint", "가온관 101호 → ")
	click("dialog button", "닫기")
	click("td button", "게시") // the list that was held back, after what that would change
	read("dialog", "보류된 목록을 게시할까요")
	read("dialog h3", "보류된 목록을 게시하면")
	read("dialog li .hint", "가온관 101호 → ")
	shoot("accept")
	click("dialog footer button", "게시")
	read("body", "새로고침을 시작했어요")
	if bodies, _ := w.tasks(t, (*taskqueue.Queue)(w.console.Queue)); len(bodies) != 1 || !strings.Contains(bodies[0], `"accept":true`) {
		t.Errorf("publishing a list that was held back adds the tasks %q", bodies)
	}
	click(".sections a", "공지")
	read(".empty", "등록된 공지가 없어요")
	click(".bar button", "새 공지")
	read("dialog", w.Project)
	tomorrow := time.Now().In(operator.Seoul).AddDate(0, 0, 1).Format(time.DateOnly)
	for name, value := range map[string]string{"korean": "<img src=x onerror=window.pwned=1>", "english": "Maintenance tonight", "from": tomorrow + "T09:00", "until": tomorrow + "T08:00"} {
		do(fmt.Sprintf("document.querySelector('dialog [name=%s]').value = %q", name, value))
	}
	click("dialog footer button", "게시")
	read("dialog .problem", "종료 시각은 시작 시각보다 늦어야 해요")
	shoot("announce")
	do(fmt.Sprintf("document.querySelector('dialog [name=until]').value = '%sT10:00'", tomorrow))
	do("document.querySelector('dialog [name=push]').click()")
	shoot("announce-push")
	click("dialog footer button", "게시")
	read(".card", "<img src=x")
	read(".card", "예약됨")
	read(".card .hint", "알림:")
	read(".card", "모든 사용자")
	read(".card", "09:00") // as it was entered, in whichever zone the browser is
	shoot("announcements")
	click(".card button", "종료")
	click("dialog footer button", "종료")
	read(".empty", "등록된 공지가 없어요")
	click(".sections a", "요금")
	read(".costs .hint", "로컬 클라우드에서")
	read(".costs td", "Firestore")
	shoot("bill")
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
