package emulator_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"firebase.google.com/go/v4/messaging"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/messagingclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/triggers"
)

// work is random work for Eventarc, Cloud Tasks and Cloud Messaging, and what it should be billed as, by what its
// clients and handlers see.
type work struct {
	t      *testing.T
	cloud  *emulatortest.Cloud
	random *rand.Rand
	docs   *firestore.Client
	client *messaging.Client
	notes  map[string]int // what exists
	want   amounts        // without dispatches

	dispatched atomic.Int64 // operations of the requests that reached the handler of tasks
	failed     atomic.Int64 // events that the handler of events rejected
}

// operations returns what a task with a body is billed as: an operation for each 32 KiB of it.
func operations(bytes int) int64 { return int64(bytes)/(32<<10) + 1 }

// serveTask fails as often as the task says.
func (w *work) serveTask(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	w.dispatched.Add(operations(len(body)))
	if r.Header.Get("X-CloudTasks-TaskRetryCount") < r.Header.Get("Failures") {
		rw.WriteHeader(http.StatusServiceUnavailable)
	}
}

// serveEvent rejects each third event once: Eventarc bills an event, not its deliveries.
func (w *work) serveEvent(rw http.ResponseWriter, r *http.Request) {
	if w.failed.Add(1)%3 == 0 {
		rw.WriteHeader(http.StatusServiceUnavailable)
	}
}

// write writes some notes in one commit, and counts an event for each that is different afterwards.
func (w *work) write(writes int) {
	err := w.docs.RunTransaction(w.t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
		for id := range writes {
			name, n := fmt.Sprint(id+w.random.IntN(3)*writes), w.random.IntN(3)
			doc := w.docs.Doc("notes/" + name)
			before, existed := w.notes[name]
			if w.random.IntN(4) == 0 {
				if delete(w.notes, name); existed {
					w.want[billing.EventarcEvents]++
				}
				if err := tx.Delete(doc); err != nil {
					return err
				}
				continue
			}
			if w.notes[name] = n; !existed || before != n {
				w.want[billing.EventarcEvents]++
			}
			if err := tx.Set(doc, map[string]any{"n": n}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// send sends messages, of which each fourth is invalid.
func (w *work) send(n int) {
	var all []*messaging.Message
	for range n {
		m := &messaging.Message{Topic: fmt.Sprint("t", w.random.IntN(5)), Data: map[string]string{"n": "1"}}
		if w.random.IntN(4) == 0 {
			m.Data = map[string]string{"from": "a name that is reserved"}
		}
		all = append(all, m)
	}
	response, err := w.client.SendEach(w.t.Context(), all)
	if err != nil {
		w.t.Fatal(err)
	}
	w.want[billing.MessagingMessages] += int64(response.SuccessCount)
}

// On random work, the meter agrees with what is seen from outside: the documents that changed, the requests that
// handlers got, and the messages that were accepted.
func TestMeterAgreesWithWork(t *testing.T) {
	t.Parallel()
	w := &work{t: t, random: rand.New(rand.NewPCG(1, 2)), notes: map[string]int{}, want: amounts{}}
	tasks, events := httptest.NewServer(http.HandlerFunc(w.serveTask)), httptest.NewServer(http.HandlerFunc(w.serveEvent))
	t.Cleanup(tasks.Close)
	t.Cleanup(events.Close)
	w.cloud = emulatortest.Start(t, func(c *emulator.Config) {
		c.Triggers = []triggers.Trigger{{Name: "note-written", Event: triggers.Written, Document: "notes/{id}", URL: events.URL}}
	})
	w.docs, w.client = w.cloud.FirestoreClient(t), messagingclient.New(t, w.cloud.Project, w.cloud.MessagingAddress())
	client, queue := tasksclient.New(t, w.cloud.TasksAddress()), location+"/queues/q"
	if _, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: queue}}); err != nil {
		t.Fatal(err)
	}
	w.want[billing.TasksOperations]++
	for step := range 150 {
		switch w.random.IntN(5) {
		case 0, 1:
			w.write(1 + w.random.IntN(5))
		case 2:
			w.send(1 + w.random.IntN(4))
		case 3:
			bytes := []int{0, 20_000, 40_000, 80_000}[w.random.IntN(4)]
			w.want[billing.TasksOperations] += operations(bytes)
			if _, err := client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queue, Task: &cloudtaskspb.Task{
				MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
					Url: tasks.URL, Body: []byte(strings.Repeat("x", bytes)), Headers: map[string]string{"Failures": fmt.Sprint(w.random.IntN(3))},
				}},
			}}); err != nil {
				t.Fatal(err)
			}
		case 4:
			w.cloud.Clock.Advance(time.Minute)
		}
		if step%50 == 49 {
			w.cloud.Idle(t)
			got, want := w.cloud.Usage(), amounts{billing.TasksOperations: w.dispatched.Load()}
			for item, n := range w.want {
				want[item] += n
			}
			for item, n := range want {
				if got.Amount(item) != n {
					t.Errorf("after %d steps the meter has %d of %s, clients and handlers saw %d", step+1, got.Amount(item), item, n)
				}
			}
		}
	}
}
