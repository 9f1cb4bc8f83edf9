package emulatortest_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/triggers"
)

// The tests of this file are the blocks of docs/go-tests.md.

func TestNotesArePrivate(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t, emulatortest.Project(t, "testdata/notes")) // "" finds the nearest firebase.json
	cloud.Seed(t, emulatortest.Docs{"notes/n1": {"owner": "ann", "text": "hello"}})

	bob := cloud.FirestoreClientAs(t, "bob", nil)
	_, err := bob.Doc("notes/n1").Get(t.Context())
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("bob reads ann's note: %v", err)
	}
	t.Log(cloud.Firestore.Evaluations(cloud.Project)[0].Denial) // which line denied it, and with which values
}

func TestService(t *testing.T) {
	cloud := emulatortest.Start(t)
	for name, value := range cloud.Environment() {
		t.Setenv(name, value)
	}
	client, err := firestore.NewClient(t.Context(), cloud.Project) // as your service does it
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Doc("notes/n1").Create(t.Context(), map[string]any{"owner": "ann"}); err != nil {
		t.Error(err)
	}
}

func TestNewestNotes(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t, emulatortest.Project(t, "testdata/notes"))
	newest := cloud.FirestoreClient(t).Collection("notes").Where("owner", "==", "ann").OrderBy("written", firestore.Desc)

	_, err := newest.Documents(t.Context()).GetAll()
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), `"collectionGroup": "notes"`) {
		t.Errorf("without its index, the query returns %v", err) // production's error, with the entry for firestore.indexes.json
	}
}

func TestWelcome(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	var called atomic.Int32
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if called.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable) // the first attempt fails
		}
	}))
	defer function.Close()
	err := cloud.Triggers.Register(triggers.Trigger{
		Name: "welcome", Event: triggers.Created, Document: "users/{uid}", URL: function.URL, Retry: true,
	})
	if err != nil {
		t.Fatal(err)
	}

	if _, err := cloud.FirestoreClient(t).Doc("users/ann").Create(t.Context(), map[string]any{"name": "Ann"}); err != nil {
		t.Fatal(err)
	}
	cloud.Idle(t)                    // until every event has been delivered once
	cloud.Advance(t, 11*time.Second) // to the second attempt, without waiting
	if n := called.Load(); n != 2 {
		t.Errorf("called %d times", n)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	cloud.SeedUsers(t, emulatortest.User{UID: "ann", Email: "ann@example.com", Password: "secret", Claims: map[string]any{"admin": true}})

	users := authclient.New(t, cloud.Project, cloud.AuthAddress()) // the Admin SDK
	ann, err := users.GetUserByEmail(t.Context(), "ann@example.com")
	if err != nil || ann.UID != "ann" || ann.CustomClaims["admin"] != true {
		t.Errorf("%+v, %v", ann, err)
	}
}

func TestReadingANoteCostsOneRead(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t, emulatortest.Project(t, "testdata/notes"))
	cloud.Seed(t, emulatortest.Docs{"notes/n1": {"owner": "ann"}})
	ann := cloud.FirestoreClientAs(t, "ann", nil)

	spent := cloud.Measure(t, func() {
		if _, err := ann.Doc("notes/n1").Get(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if cost := emulatortest.CostOf(spent); cost != (emulatortest.Cost{Reads: 1}) {
		t.Errorf("it costs %v", cost)
	}
}

// Each block of Go on the page is a test of this file, letter for letter.
func TestPageOfGoTests(t *testing.T) {
	page, err := os.ReadFile("../docs/go-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("gotests_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```go\n(.*?)\n```\n").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 5 {
		t.Errorf("found %d blocks", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(string(source), "\n"+block[1]+"\n") {
			t.Errorf("no test of this file:\n%s", block[1])
		}
	}
}
