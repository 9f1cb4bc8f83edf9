package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/sdktest"
)

// person is somebody in front of the page.
type person struct {
	t    testing.TB
	page *sdktest.Page
}

// see waits until an expression is true in the page.
func (u person) see(expression string) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), 30*time.Second)
	defer cancel()
	for {
		var seen bool
		err := u.page.Eval(ctx, "Boolean("+expression+")", &seen)
		if seen {
			return
		}
		select {
		case <-ctx.Done():
			var text string
			u.page.Eval(u.t.Context(), "document.body.innerText", &text)
			u.t.Fatalf("never saw %s (%v) in:\n%s", expression, err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// read waits until the page shows a text in an element of a selector.
func (u person) read(selector, text string) {
	u.t.Helper()
	u.see(fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))", selector, text))
}

// click clicks the first element of a selector that has a text.
func (u person) click(selector, text string) {
	u.t.Helper()
	u.read(selector, text)
	u.do(fmt.Sprintf("[...document.querySelectorAll(%q)].find((e) => e.textContent.includes(%q)).click()", selector, text))
}

// fill writes into a control of the open dialog.
func (u person) fill(name, text string) {
	u.t.Helper()
	u.do(fmt.Sprintf("document.querySelector('dialog [name=%s]').value = %q", name, text))
}

func (u person) do(expression string) {
	u.t.Helper()
	if err := u.page.Eval(u.t.Context(), expression+"; undefined", nil); err != nil {
		u.t.Fatal(err)
	}
}

// visit opens a view.
func (u person) visit(hash string) {
	u.t.Helper()
	u.do(fmt.Sprintf("location.hash = %q", hash))
}

const evil = `<img src=x onerror="window.pwned=1">`

// A developer looks around, in the page, as it is served.
func TestInBrowser(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	cloud, _ := open(t, withRules)
	client := cloud.FirestoreClient(t)
	if _, err := client.Doc("schools/가온대학교").Set(t.Context(), map[string]any{"name": evil, evil: []any{evil}}); err != nil {
		t.Fatal(err)
	}
	u := person{t, browser.Open(t, cloud.ConsoleURL())}

	u.click("button", "한국어")
	u.read(".sections a", "사용자")
	u.see("document.documentElement.lang === 'ko'")

	// Looks into a document, whose contents stay text.
	u.click(".collections a", "schools")
	u.click(".documents a", "가온대학교")
	u.read(".field-name", evil)
	u.read(".field-value", evil)
	u.see("window.pwned === undefined && document.querySelector('main img') === null")

	// Sees at once what another writes.
	if _, err := client.Doc("schools/가온대학교").Set(t.Context(), map[string]any{"name": "가온대학교", "lectures": 4999}); err != nil {
		t.Fatal(err)
	}
	u.read(".field-value", "4999")

	// Changes it, is told of a mistake, and corrects that.
	u.click(".document button", "편집")
	u.fill("text", `{"name": "가온대학교", "lectures": }`)
	u.click("dialog button", "저장")
	u.read("dialog .problem", "JSON")
	u.fill("text", `{"name": "가온대학교", "lectures": 5000, "at": {"$time": "2026-03-02T09:00:00Z"}}`)
	u.click("dialog button", "저장")
	u.read(".field-value", "5000")
	if doc, err := client.Doc("schools/가온대학교").Get(t.Context()); err != nil || doc.Data()["lectures"] != int64(5000) {
		t.Fatalf("the document is %v, %v", doc.Data(), err)
	}

	// Makes one in a collection of it, and deletes all of it.
	u.click(".document button", "새 문서")
	u.fill("collection", "semesters")
	u.fill("id", "2026-0300 봄")
	u.click("dialog button", "만들기")
	u.read(".crumbs a[aria-current]", "2026-0300 봄")
	u.visit("#/firestore/" + escaped(database) + "/schools/" + escaped("가온대학교"))
	u.read(".document h2", "가온대학교")
	u.click(".document button", "삭제")
	u.do("document.querySelector('dialog [name=below]').click()")
	u.click("dialog button", "삭제")
	u.read(".toasts", "문서 2개")
	u.read(".collections", "컬렉션이 없습니다")

	long(t, u, cloud)
	objects(t, u, cloud)
	users(t, u)
	requests(t, u, cloud)
	tasks(t, u, cloud)
	for line := range strings.Lines(u.page.Console()) {
		if !strings.Contains(line, "400 (Bad Request)") { // of the mistake
			t.Errorf("the page complains: %s", line)
		}
	}
}

func escaped(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "/", "%2F"), " ", "%20")
}

// long is a collection of three pages, which stays up to date when all of them are shown.
func long(t *testing.T, u person, cloud *emulatortest.Cloud) {
	db, err := cloud.Firestore.Database(project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]map[string]any{}
	for i := range 120 {
		docs[fmt.Sprintf("long/d%03d", i)] = map[string]any{"n": i}
	}
	if err := db.Seed(docs); err != nil {
		t.Fatal(err)
	}
	u.visit("#/firestore/" + escaped(database) + "/long")
	for _, n := range []int{50, 100} {
		u.see(fmt.Sprintf("document.querySelectorAll('.documents a').length === %d", n))
		u.click(".documents button", "더 보기")
	}
	u.see("document.querySelectorAll('.documents a').length === 120 && !document.querySelector('.documents .more')")
	if _, err := cloud.FirestoreClient(t).Doc("long/d110").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.see("document.querySelectorAll('.documents a').length === 119")
}

func objects(t *testing.T, u person, cloud *emulatortest.Cloud) {
	w := storageclient.New(t, cloud.StorageAddress()).Bucket(project).Object("lectures/가온대학교/" + evil + ".json").NewWriter(t.Context())
	w.Metadata = map[string]string{"sha256": "값"}
	fmt.Fprint(w, "[]")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // there and back again
		u.visit("#/storage")
		u.click(".entries a", project)
		u.click(".entries a", "lectures/")
		u.click(".entries a", "가온대학교/")
		u.click(".entries a", evil)
		u.read(".facts dd", "값")
		u.see("window.pwned === undefined && document.querySelector('main img') === null")
	}
	u.see("fetch(document.querySelector('a[download]').href).then((r) => r.text()).then((text) => text === '[]')")
	u.click(".document button", "삭제")
	u.click("dialog button", "삭제")
	u.read(".empty", "비어 있습니다")
}

func users(t *testing.T, u person) {
	u.visit("#/users")
	u.click("button", "새 사용자")
	u.fill("email", "ann@example.com")
	u.fill("password", "secret-1")
	u.click("dialog button", "만들기")
	u.read("td", "ann@example.com")
	u.click("td button", "사용 중지")
	u.read("td .badge", "중지됨")
}

func requests(t *testing.T, u person, cloud *emulatortest.Cloud) {
	u.visit("#/requests")
	u.read(".empty", "아직 판정한 요청이 없습니다")
	ann := cloud.FirestoreClientAs(t, "ann", nil)
	ann.Doc("notes/ann").Get(t.Context())
	ann.Doc("notes/bob").Get(t.Context())
	u.read(".requests details[data-verdict=allowed] .line", "L6")
	u.read(".requests details[data-verdict=refused] .line", "L5 L6")
	u.click("button", "거부만")
	u.see("document.querySelector('[data-verdict=allowed]').hidden && !document.querySelector('[data-verdict=refused]').hidden")
	u.click("details[data-verdict=refused] summary", "notes/bob")
	u.click(".statement a", "6번째 줄")
	u.read(".pointed", "request.auth.uid == id")
}

func tasks(t *testing.T, u person, cloud *emulatortest.Cloud) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, evil, http.StatusTeapot) }))
	defer target.Close()
	client, name := tasksclient.New(t, cloud.TasksAddress()), location+"/queues/refresh"
	if _, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: name}}); err != nil {
		t.Fatal(err)
	}
	u.visit("#/tasks")
	u.click("button", "멈추기")
	u.read(".badge", "멈춤")
	if _, err := client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: name, Task: &cloudtaskspb.Task{
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: target.URL}}}}); err != nil {
		t.Fatal(err)
	}
	u.click(".tasks summary", "대기")
	u.click(".tasks button", "지금 실행")
	u.read(".attempts", evil)
	u.read(".tasks .badge", "418")
}

// Another page in the same browser can neither read nor change anything.
func TestOtherPagesInBrowser(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	cloud, _ := open(t)
	db, err := cloud.Firestore.Database(project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Seed(map[string]map[string]any{"a/b": {}}); err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>other</title>")
	}))
	defer other.Close()
	page := browser.Open(t, other.URL)
	call := func(path, options string) string {
		var outcome string
		expression := fmt.Sprintf("fetch(%q, %s).then(async (r) => r.type + ' ' + (await r.text()), (e) => 'refused')", cloud.ConsoleURL()+path, options)
		if err := page.Eval(t.Context(), expression, &outcome); err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	collection := "/api/collection?database=" + database + "&path=a"
	for name, c := range map[string][2]string{
		"read":                     {"/api/overview", `{}`},
		"delete":                   {collection, `{method: "DELETE", headers: {"X-Console": "1"}}`},
		"advance as a plain form":  {"/api/clock", `{method: "POST", mode: "no-cors", body: '{"seconds": 3600}'}`},
		"advance with the header":  {"/api/clock", `{method: "POST", headers: {"X-Console": "1"}, body: '{"seconds": 3600}'}`},
		"delete without preflight": {collection, `{method: "POST", mode: "no-cors"}`},
	} {
		if outcome := call(c[0], c[1]); outcome != "refused" && outcome != "opaque " {
			t.Errorf("%s: %q", name, outcome)
		}
	}
	if _, ok := db.Get("a/b"); !ok || cloud.Clock.Now().After(time.Now().Add(time.Minute)) {
		t.Error("another page changed something")
	}
	var framed string
	if err := page.Eval(t.Context(), fmt.Sprintf(`new Promise((done) => {
		const frame = document.createElement('iframe');
		frame.onload = () => { try { done(String(frame.contentWindow.document.title)); } catch (e) { done(e.name); } };
		frame.src = %q;
		document.body.append(frame);
	})`, cloud.ConsoleURL()), &framed); err != nil {
		t.Fatal(err)
	}
	if framed == "other" || strings.Contains(framed, "cloud") {
		t.Errorf("the console was framed: %s", framed)
	}
}
