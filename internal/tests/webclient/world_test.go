package webclient

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/sdktest"
)

// hangTimeout bounds each wait for a client. It is so long that exceeding it means a hang, however busy
// the machine is.
const hangTimeout = 5 * time.Minute

// place is where clients run: one SDK version in Chromium or in Node.
type place struct {
	version string // one of sdktest.Versions
	browser *sdktest.Browser
	pages   *sdktest.Pages // nil in Node
	nodes   *sdktest.Nodes // nil in Chromium
}

// world is a local cloud whose clients all run in one place.
type world struct {
	*emulatortest.Cloud
	place place
	admin *firestore.Client // bypasses security rules

	viewed chan string // timetables whose pages reported a view
}

const (
	school    = "schools/데모대학교-서울"
	semester1 = school + "/semesters/2026-0300"
	semester2 = school + "/semesters/2026-0900"
)

// newWorld starts a cloud with the project's rules and indexes, a school and two semesters.
func newWorld(t *testing.T, at place, set ...func(*emulator.Config)) *world {
	t.Helper()
	set = append([]func(*emulator.Config){func(cfg *emulator.Config) {
		cfg.Rules, cfg.StorageRules, cfg.Indexes = read(t, "firestore.rules"), read(t, "storage.rules"), read(t, "firestore.indexes.json")
	}}, set...)
	w := &world{Cloud: emulatortest.Start(t, set...), place: at, viewed: make(chan string, 1000)}
	w.admin = w.FirestoreClient(t)
	w.put(t, school, map[string]any{"name": "데모대학교-서울"})
	w.put(t, semester1, map[string]any{"year": 2026, "term": "1학기", "periods": []any{}, "status": "normal"})
	w.put(t, semester2, map[string]any{"year": 2026, "term": "2학기", "periods": []any{}, "status": "normal"})
	return w
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// put writes a document, bypassing rules.
func (w *world) put(t *testing.T, path string, data map[string]any) {
	t.Helper()
	if _, err := w.admin.Doc(path).Set(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

// data returns a document's fields, bypassing rules, or nil if it does not exist.
func (w *world) data(t *testing.T, path string) map[string]any {
	t.Helper()
	docs, err := w.admin.GetAll(t.Context(), []*firestore.DocumentRef{w.admin.Doc(path)})
	if err != nil {
		t.Fatal(err)
	}
	return docs[0].Data()
}

// client is a running app, controlled by calls to the functions of client.mjs.
type client struct {
	t      *testing.T
	script sdktest.Script
}

// client starts an app without signing in. Each change may modify the arguments of its start function.
func (w *world) client(t *testing.T, change ...func(start map[string]any)) *client {
	t.Helper()
	c := &client{t: t}
	if w.place.pages != nil {
		c.script = w.place.browser.Reuse(t, w.place.pages.URL(w.place.version, "client.mjs"))
	} else {
		c.script = w.place.nodes.Reuse(t)
	}
	return w.start(c, change)
}

// tab starts an app in another tab of c's browser. It panics in Node.
func (w *world) tab(c *client) *client {
	page := c.script.(*sdktest.Page).Open(c.t, w.place.pages.URL(w.place.version, "client.mjs"))
	return w.start(&client{t: c.t, script: page}, nil)
}

func (w *world) start(c *client, change []func(map[string]any)) *client {
	c.t.Helper()
	start := map[string]any{"project": w.Project, "hosts": map[string]string{
		"auth": w.AuthAddress(), "firestore": w.FirestoreAddress(), "storage": w.StorageAddress(),
	}}
	for _, f := range change {
		f(start)
	}
	c.do("start", start)
	return c
}

// user starts an app and signs a user in.
func (w *world) user(t *testing.T, uid string, change ...func(start map[string]any)) *client {
	t.Helper()
	c := w.client(t, change...)
	var got string
	c.ask(&got, "signIn", w.customToken(t, uid))
	if got != uid {
		t.Fatalf("signed in as %q, want %q", got, uid)
	}
	return c
}

// customToken returns a custom token like the auth service's.
func (w *world) customToken(t *testing.T, uid string) string {
	t.Helper()
	const email = "firebase-auth-emulator@example.com"
	raw, err := token.Encode(map[string]any{
		"iss": email, "sub": email, "uid": uid, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"aud": "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit",
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// firestoreAt makes an app connect to Firestore at another address.
func firestoreAt(firestore string) func(map[string]any) {
	return func(start map[string]any) { start["hosts"].(map[string]string)["firestore"] = firestore }
}

func (c *client) call(result any, function string, args []any) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), hangTimeout)
	defer cancel()
	return c.script.Call(ctx, function, result, args...)
}

// do calls a function of the app, which must succeed.
func (c *client) do(function string, args ...any) {
	c.t.Helper()
	c.ask(nil, function, args...)
}

// ask is like do but stores the function's result in the variable that result points to.
func (c *client) ask(result any, function string, args ...any) {
	c.t.Helper()
	if err := c.call(result, function, args); err != nil {
		c.t.Fatalf("%v: %.300v", err, args)
	}
}

// mustFail calls a function of the app, which must fail with the error code.
func (c *client) mustFail(code, function string, args ...any) {
	c.t.Helper()
	if err := c.call(nil, function, args); sdktest.Code(err) != code {
		c.t.Fatalf("%s %.300v: got %v, want %s", function, args, err, code)
	}
}

// event is a listener's snapshot of a document or a query, or the error that ended it.
type event struct {
	FromCache bool   `json:"fromCache"`
	Pending   bool   `json:"pending"`
	Error     string `json:"error"`

	document
	Docs    []document `json:"docs"`
	Changes []change   `json:"changes"`
}

type document struct {
	ID     string         `json:"id"`
	Path   string         `json:"path"`
	Exists bool           `json:"exists"`
	Data   map[string]any `json:"data"`
}

type change struct {
	Type string         `json:"type"`
	ID   string         `json:"id"`
	Data map[string]any `json:"data"`
}

// settled reports whether the event shows the server's state, without pending writes.
func (e event) settled() bool { return e.Error == "" && !e.FromCache && !e.Pending }

func (e event) String() string {
	switch {
	case e.Error != "":
		return e.Error
	case e.Path != "":
		return fmt.Sprintf("cache %t pending %t exists %t %.100s", e.FromCache, e.Pending, e.Exists, fmt.Sprint(e.Data))
	}
	return fmt.Sprintf("cache %t pending %t %d documents, changes %.100s", e.FromCache, e.Pending, len(e.Docs), fmt.Sprint(e.Changes))
}

// listener is a snapshot listener in an app.
type listener struct {
	c      *client
	name   string
	events []event // all received so far
	seen   int     // how many of them until has checked
}

// listen starts a listener with one of the app's listenTo functions.
func (c *client) listen(function string, args ...any) *listener {
	c.t.Helper()
	l := &listener{c: c, name: fmt.Sprint(append([]any{function}, args...)...)}
	c.do(function, append([]any{l.name}, args...)...)
	return l
}

// until waits for an event that matches. Each call continues after the event that the previous one
// returned.
func (l *listener) until(what string, matches func(event) bool) event {
	l.c.t.Helper()
	for {
		for l.seen < len(l.events) {
			e := l.events[l.seen]
			l.seen++
			if matches(e) {
				return e
			}
			if e.Error != "" {
				l.c.t.Fatalf("%s: waiting for %s: %s", l.name, what, e.Error)
			}
		}
		var more []event
		if err := l.c.call(&more, "eventsAfter", []any{l.name, len(l.events)}); err != nil {
			var received []string
			for _, e := range l.events[max(0, len(l.events)-20):] {
				received = append(received, e.String())
			}
			l.c.t.Fatalf("%s: waiting for %s: %v; last events:\n%s", l.name, what, err, strings.Join(received, "\n"))
		}
		l.events = append(l.events, more...)
	}
}

// untilServer waits for the server's state.
func (l *listener) untilServer() event {
	l.c.t.Helper()
	return l.until("the server's state", event.settled)
}

// untilDenied waits until rules end the listener.
func (l *listener) untilDenied() event {
	l.c.t.Helper()
	return l.until("permission-denied", func(e event) bool { return e.Error == "permission-denied" })
}

// untilField waits until the server has the document with this value in the field.
func (l *listener) untilField(field string, value any) event {
	l.c.t.Helper()
	return l.until(fmt.Sprintf("%s = %v", field, value), func(e event) bool { return e.settled() && e.Data[field] == value })
}

// untilIDs waits until the query's result on the server has these ids, in this order.
func (l *listener) untilIDs(ids ...string) event {
	l.c.t.Helper()
	return l.until(fmt.Sprint("documents ", ids), func(e event) bool {
		return e.settled() && strings.Join(idsOf(e.Docs), " ") == strings.Join(ids, " ")
	})
}

func idsOf(docs []document) []string {
	ids := []string{}
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	return ids
}
