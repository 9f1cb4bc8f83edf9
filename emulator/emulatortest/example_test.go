package emulatortest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/schedulerclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
)

// notesRules let signed-in users read and write their own notes.
const notesRules = `rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents/notes/{note} {
    allow read: if resource.data.owner == request.auth.uid;
    allow create: if request.resource.data.owner == request.auth.uid;
  }
}`

// Firestore under security rules: what a user may do, and may not.
func Example_rules() {
	t := newT() // in a test of yours: its *testing.T
	defer t.end()

	cloud := emulatortest.Start(t, func(cfg *emulator.Config) { cfg.Rules = []byte(notesRules) })
	ann := cloud.FirestoreClientAs(t, "ann", nil)
	bob := cloud.FirestoreClientAs(t, "bob", nil)

	_, err := ann.Doc("notes/n1").Create(t.Context(), map[string]any{"owner": "ann", "text": "hello"})
	fmt.Println("ann creates her note:", status.Code(err))
	_, err = bob.Doc("notes/n1").Get(t.Context())
	fmt.Println("bob reads it:", status.Code(err))

	// The server says which rule denied what.
	fmt.Println(cloud.Firestore.Evaluations(cloud.Project)[0].Denial)
	// Output:
	// ann creates her note: OK
	// bob reads it: PermissionDenied
	// get /databases/(default)/documents/notes/n1 is denied
	//   line 4: allow read: if resource.data.owner == request.auth.uid;
	//     was false
	//     line 4: resource.data.owner == request.auth.uid was false, with resource.data.owner = 'ann', request.auth.uid = 'bob'
}

// Documents and accounts that exist before the test begins.
func Example_seed() {
	t := newT() // in a test of yours: its *testing.T
	defer t.end()

	cloud := emulatortest.Start(t, func(cfg *emulator.Config) { cfg.Rules = []byte(notesRules) })
	cloud.Seed(t, emulatortest.Docs{"notes/n1": {"owner": "ann", "text": "hello"}}) // rules do not apply
	cloud.SeedUsers(t, emulatortest.User{UID: "ann", Email: "ann@example.com", Password: "secret"})

	note, err := cloud.FirestoreClientAs(t, "ann", nil).Doc("notes/n1").Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ann, _ := cloud.Auth.Find(cloud.Project, "ann@example.com")
	fmt.Println(note.Data()["text"], "by", ann.LocalID)
	// Output: hello by ann
}

// A job that runs every night runs when the clock is advanced, not when the night comes.
func Example_time() {
	t := newT() // in a test of yours: its *testing.T
	defer t.end()

	nightly := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("called by", r.Header.Get("X-CloudScheduler-JobName"))
	}))
	defer nightly.Close()

	cloud := emulatortest.Start(t)
	const location = "projects/demo-test/locations/asia-northeast3"
	_, err := schedulerclient.New(t, cloud.TasksAddress()).CreateJob(t.Context(), &schedulerpb.CreateJobRequest{
		Parent: location,
		Job: &schedulerpb.Job{
			Name: location + "/jobs/nightly", Schedule: "0 3 * * *", TimeZone: "Asia/Seoul",
			Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: nightly.URL}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cloud.Advance(t, 24*time.Hour) // returns when the handler has answered
	cloud.Advance(t, 24*time.Hour)
	// Output:
	// called by nightly
	// called by nightly
}

// A task's handler fails, and is called again after the queue's back-off.
func Example_tasks() {
	t := newT() // in a test of yours: its *testing.T
	defer t.end()

	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		retries := r.Header.Get("X-CloudTasks-TaskRetryCount")
		fmt.Println("called, retries:", retries)
		if retries == "0" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer handler.Close()

	cloud := emulatortest.Start(t)
	client := tasksclient.New(t, cloud.TasksAddress())
	queue, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{
		Parent: "projects/demo-test/locations/asia-northeast3",
		Queue:  &cloudtaskspb.Queue{Name: "projects/demo-test/locations/asia-northeast3/queues/mail"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queue.Name, Task: &cloudtaskspb.Task{
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: handler.URL}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cloud.Idle(t) // the first attempt is over
	cloud.Advance(t, time.Minute)
	tasks, err := cloud.Tasks.Tasks(queue.Name)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("the task:", tasks[0].State)
	// Output:
	// called, retries: 0
	// called, retries: 1
	// the task: done
}

// What an action of a user costs: a budget that a test holds it to, with the reads of the security rules.
func ExampleCloud_Measure() {
	t := newT() // in a test of yours: its *testing.T
	defer t.end()

	cloud := emulatortest.Start(t, func(cfg *emulator.Config) {
		cfg.Rules = []byte(`
			service cloud.firestore {
				match /databases/{database}/documents/notes/{note} {
					allow read, delete: if exists(/databases/$(database)/documents/members/$(request.auth.uid));
				}
			}`)
	})
	cloud.Seed(t, emulatortest.Docs{"members/ann": {}, "notes/a": {"n": 1}, "notes/b": {"n": 2}, "notes/c": {"n": 3}})
	notes := cloud.FirestoreClientAs(t, "ann", nil).Collection("notes")
	spent := cloud.Measure(t, func() {
		if _, err := notes.Where("n", ">", 1).Documents(t.Context()).GetAll(); err != nil {
			t.Fatal(err)
		}
		if _, err := notes.Doc("a").Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if spent.Amount(billing.FirestoreReads) > 4 {
		t.Errorf("that cost more than 4 reads: %v", spent)
	}
	fmt.Println(spent.Amount(billing.FirestoreReads), "reads,", spent.Amount(billing.FirestoreDeletes), "delete")
	fmt.Println(cloud.Bill().Actions[0].Name, "costs most")
	// Output:
	// 4 reads, 1 delete
	// RunQuery costs most
}

// Budgets: each action of a project, with what it costs. The test fails when a change of the client, of the
// rules or of the data makes an action dearer, or the table too pessimistic.
func Example_budgets() {
	t := newT() // in a test of yours: its *testing.T
	defer t.end()

	cloud := emulatortest.Start(t, func(cfg *emulator.Config) { cfg.Rules = []byte(notesRules) })
	cloud.Seed(t, emulatortest.Docs{"notes/n1": {"owner": "ann"}, "notes/n2": {"owner": "ann"}})
	notes := cloud.FirestoreClientAs(t, "ann", nil).Collection("notes")
	for _, action := range []struct {
		name   string
		budget emulatortest.Cost
		do     func() error
	}{
		{"open the app", emulatortest.Cost{Reads: 2}, func() error {
			_, err := notes.Where("owner", "==", "ann").Documents(t.Context()).GetAll()
			return err
		}},
		{"add a note", emulatortest.Cost{Writes: 1}, func() error {
			_, err := notes.Doc("n3").Create(t.Context(), map[string]any{"owner": "ann"})
			return err
		}},
	} {
		var err error
		spent := cloud.Measure(t, func() { err = action.do() })
		if cost := emulatortest.CostOf(spent); err != nil || cost != action.budget {
			t.Errorf("%s: %v, %v; the budget is %v", action.name, err, cost, action.budget)
		}
		// What it costs without free amounts, by the prices of prices.yaml.
		bill := cloud.Prices.Bill(spent, billing.MonthOf(spent.Until))
		fmt.Printf("%s: %v, $%s\n", action.name, emulatortest.CostOf(spent), bill.List.USD().FloatString(6))
	}
	// Output:
	// open the app: 2 reads, 0 writes, 0 deletes, $0.000001
	// add a note: 0 reads, 1 writes, 0 deletes, $0.000001
}

// exampleT stands for the *testing.T that examples do not have.
type exampleT struct {
	testing.TB
	ctx      context.Context
	cancel   context.CancelFunc
	cleanups []func()
}

func newT() *exampleT {
	ctx, cancel := context.WithCancel(context.Background())
	return &exampleT{ctx: ctx, cancel: cancel}
}

func (t *exampleT) Context() context.Context          { return t.ctx }
func (t *exampleT) Helper()                           {}
func (t *exampleT) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (t *exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (t *exampleT) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

func (t *exampleT) end() {
	t.cancel()
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}
