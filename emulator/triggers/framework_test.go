package triggers_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/triggers"
)

// TestFunctionsFramework delivers events to a function in the Functions Framework, as Cloud Functions runs
// it. A failed event is retried.
func TestFunctionsFramework(t *testing.T) {
	var mu sync.Mutex
	var got []string
	failed := map[string]bool{}
	function := func(_ context.Context, e cloudevents.Event) error {
		var data firestoredata.DocumentEventData
		if err := proto.Unmarshal(e.Data(), &data); err != nil {
			return err
		}
		name := data.GetOldValue().GetFields()["name"].GetStringValue()
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e.Subject()+" "+name)
		if name == "Kim" && !failed[e.ID()] {
			failed[e.ID()] = true
			return errors.New("not this time")
		}
		return nil
	}
	path := "/" + strconv.FormatInt(time.Now().UnixNano(), 36) // the framework registers functions per process
	if err := funcframework.RegisterCloudEventFunctionContext(t.Context(), path, function); err != nil {
		t.Fatal(err)
	}
	// The framework opens its port itself, so find a free one and release it.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	host, port, _ := net.SplitHostPort(address)
	listener.Close()
	go funcframework.StartHostPort(host, port) // cannot be stopped
	eventually(t, "the framework is listening", func() bool {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
		}
		return err == nil
	})

	w := start(t)
	w.register(t, triggers.Trigger{Event: triggers.Deleted, Document: "users/{uid}", URL: "http://" + address + path, Retry: true})
	for id, name := range map[string]string{"u1": "Kim", "u2": "Lee"} {
		w.set(t, "users/"+id, map[string]any{"name": name})
		w.delete(t, "users/"+id)
	}
	w.idle(t)
	if waiting := w.events(t, triggers.Waiting); len(waiting) != 1 || waiting[0].Attempts[0].Status != http.StatusInternalServerError {
		t.Errorf("waiting events: %+v", waiting)
	}
	w.Clock.Advance(11 * time.Second)
	w.idle(t)
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(got)
	if want := []string{"documents/users/u1 Kim", "documents/users/u1 Kim", "documents/users/u2 Lee"}; !slices.Equal(got, want) {
		t.Errorf("the function got %q, want %q", got, want)
	}
}
