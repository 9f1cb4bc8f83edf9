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

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/sdktest"
)

// user is a person who uses the page in a browser.
type user struct {
	t    testing.TB
	page *sdktest.Page
}

// hangTimeout is so long that exceeding it means a hang, however busy the machine is. It is shorter than
// go test's ten minutes, so that the failure shows the page.
const hangTimeout = 5 * time.Minute

// waitFor waits until a JavaScript expression is true.
func (u user) waitFor(expression string) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), hangTimeout)
	defer cancel()
	for {
		var ok bool
		err := u.page.Eval(ctx, "Boolean("+expression+")", &ok)
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			var text string
			u.page.Eval(u.t.Context(), "document.body.innerText", &text)
			u.t.Fatalf("timed out waiting for %s (%v) in:\n%s", expression, err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// read waits until an element that matches a selector contains a text.
func (u user) read(selector, text string) {
	u.t.Helper()
	u.waitFor(fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))", selector, text))
}

// click clicks the first element that matches a selector and contains a text.
func (u user) click(selector, text string) {
	u.t.Helper()
	u.read(selector, text)
	u.do(fmt.Sprintf("[...document.querySelectorAll(%q)].find((e) => e.textContent.includes(%q)).click()", selector, text))
}

// fill sets the value of a control in the open dialog.
func (u user) fill(name, text string) {
	u.t.Helper()
	u.do(fmt.Sprintf("document.querySelector('dialog [name=%s]').value = %q", name, text))
}

// do runs a JavaScript expression.
func (u user) do(expression string) {
	u.t.Helper()
	if err := u.page.Eval(u.t.Context(), expression+"; undefined", nil); err != nil {
		u.t.Fatal(err)
	}
}

// visit navigates to a fragment.
func (u user) visit(hash string) {
	u.t.Helper()
	u.do(fmt.Sprintf("location.hash = %q", hash))
}

// evil is markup that sets window.pwned if the page ever parses it.
const evil = `<img src=x onerror="window.pwned=1">`

// TestPage uses every section of the page in a browser.
func TestPage(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	cloud, _ := open(t, withRules)
	u := user{t, browser.Open(t, cloud.ConsoleURL())}

	u.click("button", "한국어")
	u.read(".sections a", "사용자")
	u.waitFor("document.documentElement.lang === 'ko'")

	useDocuments(t, u, cloud)
	useClock(t, u)
	usePages(t, u, cloud)
	useStorage(t, u, cloud)
	useUsers(t, u)
	useRequests(t, u, cloud)
	useTasks(t, u, cloud)
	useBill(u, cloud)
	for line := range strings.Lines(u.page.Console()) {
		if !strings.Contains(line, "400 (Bad Request)") { // the syntax error above
			t.Errorf("the browser console shows: %s", line)
		}
	}
}

// useDocuments reads, edits, creates and deletes documents.
func useDocuments(t *testing.T, u user, cloud *emulatortest.Cloud) {
	client := cloud.FirestoreClient(t)
	if _, err := client.Doc("schools/가온대학교").Set(t.Context(), map[string]any{"name": evil, evil: []any{evil}}); err != nil {
		t.Fatal(err)
	}

	// Open a document. Its contents stay text.
	u.click(".collections a", "schools")
	u.click(".documents a", "가온대학교")
	u.read(".field-name", evil)
	u.read(".field-value", evil)
	u.waitFor("window.pwned === undefined && document.querySelector('main img') === null")

	// The page shows changes by others.
	if _, err := client.Doc("schools/가온대학교").Set(t.Context(), map[string]any{"name": "가온대학교", "lectures": 4999}); err != nil {
		t.Fatal(err)
	}
	u.read(".field-value", "4999")

	// Edit the document. The page reports a syntax error in Korean.
	u.click(".document button", "편집")
	u.fill("text", `{"name": "가온대학교", "lectures": }`)
	u.click("dialog button", "저장")
	u.read("dialog .problem", "1번째 줄 31번째 글자")
	u.fill("text", `{"name": "가온대학교", "lectures": 5000, "at": {"$time": "2026-03-02T09:00:00Z"}}`)
	u.click("dialog button", "저장")
	u.read(".field-value", "5000")
	if doc, err := client.Doc("schools/가온대학교").Get(t.Context()); err != nil || doc.Data()["lectures"] != int64(5000) {
		t.Fatalf("the document is %v, %v", doc.Data(), err)
	}

	// Create a document in a subcollection, then delete the document and its subcollections.
	u.click(".document button", "새 문서")
	u.fill("collection", "semesters")
	u.fill("id", "2026-0300 봄")
	u.click("dialog button", "만들기")
	u.read(".crumbs a[aria-current]", "2026-0300 봄")
	u.visit("#/firestore/" + escaped(database) + "/schools/" + escaped("가온대학교"))
	u.read(".document h2", "가온대학교")
	u.click(".document button", "삭제")
	u.do("document.querySelector('dialog [name=subcollections]').click()")
	u.click("dialog button", "삭제")
	u.read(".toasts", "문서 2개")
	u.read(".collections", "컬렉션이 없어요")
}

func escaped(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "/", "%2F"), " ", "%20")
}

// useClock advances the clock by a day. The page shows the new date.
func useClock(t *testing.T, u user) {
	date := func() (date string) {
		if err := u.page.Eval(t.Context(), "document.querySelector('.clock').textContent.replace(/ [^ ]*$/, '')", &date); err != nil {
			t.Fatal(err)
		}
		return date
	}
	before := date()
	u.click(".clock", "")
	u.do("document.querySelector('dialog [value=\"86400\"]').click()")
	u.click("dialog button", "앞당기기")
	u.read(".toasts", "시계를 앞당겼어요")
	if after := date(); after == before || before == "" {
		t.Errorf("after a day, the clock shows %s, before it showed %s", after, before)
	}
}

// usePages opens a collection of three pages, which stays up to date when all of them are shown.
func usePages(t *testing.T, u user, cloud *emulatortest.Cloud) {
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
		u.waitFor(fmt.Sprintf("document.querySelectorAll('.documents a').length === %d", n))
		u.click(".documents button", "더 보기")
	}
	u.waitFor("document.querySelectorAll('.documents a').length === 120 && !document.querySelector('.documents .more')")
	if _, err := cloud.FirestoreClient(t).Doc("long/d110").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.waitFor("document.querySelectorAll('.documents a').length === 119")
}

func useStorage(t *testing.T, u user, cloud *emulatortest.Cloud) {
	w := storageclient.New(t, cloud.StorageAddress()).Bucket(project).Object("lectures/가온대학교/" + evil + ".json").NewWriter(t.Context())
	w.Metadata = map[string]string{"sha256": "값"}
	fmt.Fprint(w, "[]")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from the section's root again
		u.visit("#/storage")
		u.click(".entries a", project)
		u.click(".entries a", "lectures/")
		u.click(".entries a", "가온대학교/")
		u.click(".entries a", evil)
		u.read(".properties dd", "값")
		u.waitFor("window.pwned === undefined && document.querySelector('main img') === null")
	}
	u.waitFor("fetch(document.querySelector('a[download]').href).then((r) => r.text()).then((text) => text === '[]')")
	u.click(".document button", "삭제")
	u.click("dialog button", "삭제")
	u.read(".empty", "비어 있어요")
}

func useUsers(t *testing.T, u user) {
	u.visit("#/users")
	u.click("button", "새 사용자")
	u.fill("email", "ann@example.com")
	u.fill("password", "secret-1")
	u.click("dialog button", "만들기")
	u.read("td", "ann@example.com")
	u.click("td button", "사용 중지")
	u.read("td .badge", "중지됨")
}

func useRequests(t *testing.T, u user, cloud *emulatortest.Cloud) {
	u.visit("#/requests")
	u.read(".empty", "아직 규칙이 평가한 요청이 없어요")
	ann := cloud.FirestoreClientAs(t, "ann", nil)
	ann.Doc("notes/ann").Get(t.Context())
	ann.Doc("notes/bob").Get(t.Context())
	u.read(".requests details[data-verdict=allowed] .line", "L6")
	u.read(".requests details[data-verdict=denied] .line", "L5 L6")
	u.click("button", "거부만")
	u.waitFor("document.querySelector('[data-verdict=allowed]').hidden && !document.querySelector('[data-verdict=denied]').hidden")
	u.click("details[data-verdict=denied] summary", "notes/bob")
	u.click(".statement a", "6번째 줄")
	u.read(".pointed", "request.auth.uid == id")
}

func useTasks(t *testing.T, u user, cloud *emulatortest.Cloud) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, evil, http.StatusTeapot) }))
	defer target.Close()
	client, name := tasksclient.New(t, cloud.TasksAddress()), location+"/queues/refresh"
	if _, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: name}}); err != nil {
		t.Fatal(err)
	}
	u.visit("#/tasks")
	u.click("button", "일시중지")
	u.read(".badge", "일시중지")
	if _, err := client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: name, Task: &cloudtaskspb.Task{
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: target.URL}}}}); err != nil {
		t.Fatal(err)
	}
	u.click(".tasks summary", "대기")
	u.click(".tasks button", "지금 실행")
	u.read(".attempts", evil)
	u.read(".tasks .badge", "418")
}

// useBill looks at the bill. What caused it stays text.
func useBill(u user, cloud *emulatortest.Cloud) {
	cloud.Meter.Add(billing.StorageClassA, billing.Cause{User: evil, Service: "client", Action: evil, Collection: evil}, 2_000_000)
	u.visit("#/bill")
	u.read(".figures dd", "₩14,000")
	u.read(".costs td", "클래스 A 작업")
	u.read(".shares strong", evil)
	u.waitFor("window.pwned === undefined && document.querySelector('main img') === null")
	u.waitFor("document.querySelectorAll('.graph rect.cost').length >= 28")
}

// A page of another origin in the same browser can neither read nor change anything.
func TestCrossOriginPage(t *testing.T) {
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
		expression := fmt.Sprintf("fetch(%q, %s).then(async (r) => r.type + ' ' + (await r.text()), (e) => 'rejected')", cloud.ConsoleURL()+path, options)
		if err := page.Eval(t.Context(), expression, &outcome); err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	collection := "/api/collection?database=" + database + "&path=a"
	for name, c := range map[string][2]string{
		"read":                      {"/api/overview", `{}`},
		"delete":                    {collection, `{method: "DELETE", headers: {"X-Console": "1"}}`},
		"advance with a plain form": {"/api/clock", `{method: "POST", mode: "no-cors", body: '{"seconds": 3600}'}`},
		"advance with the header":   {"/api/clock", `{method: "POST", headers: {"X-Console": "1"}, body: '{"seconds": 3600}'}`},
		"delete without preflight":  {collection, `{method: "POST", mode: "no-cors"}`},
	} {
		if outcome := call(c[0], c[1]); outcome != "rejected" && outcome != "opaque " {
			t.Errorf("%s: %q, want it rejected", name, outcome)
		}
	}
	if _, ok := db.Get("a/b"); !ok || cloud.Clock.Now().After(time.Now().Add(time.Minute)) {
		t.Error("a page of another origin changed something")
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
		t.Errorf("a page of another origin could frame the console: %s", framed)
	}
}
