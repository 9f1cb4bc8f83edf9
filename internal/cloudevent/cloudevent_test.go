package cloudevent_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/oidcauth"
)

const (
	eventarc = "heektime-eventarc@demo-test.iam.gserviceaccount.com"
	audience = "https://function.test"
)

// deliver sends an event to a handler. It returns the response's status, the event that the function
// received, and the log.
func deliver(t *testing.T, cloud *emulatortest.Cloud, ctx context.Context, e cloudevents.Event) (status int, got cloudevent.Event, log string) {
	t.Helper()
	callers, err := oidcauth.NewChecker(oidcauth.Config{Audience: audience, Allowed: []string{eventarc}, CertsURL: cloud.CertsURL()})
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	h := &cloudevent.Handler{Name: "f", Project: cloud.Project, Database: "(default)", Callers: callers, Log: slog.New(slog.NewTextHandler(&lines, nil)), Now: time.Now,
		Handle: func(_ context.Context, e cloudevent.Event) error {
			got = e
			switch e.Text("username") {
			case "fail":
				return errors.New("the function failed")
			case "panic":
				panic("a bug")
			}
			return nil
		}}
	r, err := cloudevents.NewHTTPRequestFromEvent(ctx, audience, e)
	if err != nil {
		t.Fatal(err)
	}
	token, err := cloud.Identity.IDToken(t.Context(), eventarc, audience)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response := httptest.NewRecorder()
	h.ServeHTTP(response, r)
	return response.Code, got, lines.String()
}

// A service ignores the events of databases that it does not use, and says so; an event of another project
// is none that it can process.
func TestEventsOfOtherDatabases(t *testing.T) {
	cloud := emulatortest.Start(t)
	for database, want := range map[string]string{
		"projects/demo-test/databases/restored":     "level=WARN msg=\"ignoring an event\"",
		"projects/demo-test/databases/(default)x":   "level=WARN msg=\"ignoring an event\"",
		"projects/demo-other/databases/(default)":   "level=ERROR msg=\"dropping an event that this function cannot process\"",
		"projects/demo-test-2/databases/(default)":  "level=ERROR msg=\"dropping an event that this function cannot process\"",
		"projects/demo-test/databases/(default)/x/": "level=WARN",
	} {
		e := deleted(t, "users/u", "x", 0)
		data, err := proto.Marshal(&firestoredata.DocumentEventData{OldValue: &firestoredata.Document{Name: database + "/documents/users/u"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.SetData("application/protobuf", data); err != nil {
			t.Fatal(err)
		}
		status, got, log := deliver(t, cloud, binding.WithForceBinary(t.Context()), e)
		if status != http.StatusNoContent || got.ID != "" || !strings.Contains(log, want) || !strings.Contains(log, "event=the-id") {
			t.Errorf("%s: %d, the function received %+v, want the log line %s\n%s", database, status, got, want, log)
		}
	}
}

func deleted(t *testing.T, name, username string, filler int) cloudevents.Event {
	t.Helper()
	text := func(s string) *firestoredata.Value {
		return &firestoredata.Value{ValueType: &firestoredata.Value_StringValue{StringValue: s}}
	}
	data, err := proto.Marshal(&firestoredata.DocumentEventData{OldValue: &firestoredata.Document{
		Name:   "projects/demo-test/databases/(default)/documents/" + name,
		Fields: map[string]*firestoredata.Value{"username": text(username), "filler": text(strings.Repeat("x", filler))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	e := cloudevents.NewEvent()
	e.SetID("the-id")
	e.SetType(cloudevent.Deleted)
	e.SetSource("//firestore.googleapis.com/projects/demo-test/databases/(default)")
	e.SetTime(time.Now())
	if err := e.SetData("application/protobuf", data); err != nil {
		t.Fatal(err)
	}
	return e
}

// Handler accepts events with their attributes in headers (binary mode) and events that are one JSON
// object (structured mode). Document ids may contain any characters.
func TestHandler(t *testing.T) {
	cloud := emulatortest.Start(t)
	for mode, ctx := range map[string]context.Context{"binary": binding.WithForceBinary(t.Context()), "structured": binding.WithForceStructured(t.Context())} {
		status, got, log := deliver(t, cloud, ctx, deleted(t, "users/u/timetables/시간표하나둘셋넷다섯", "홍길동", 1<<20))
		if status != http.StatusNoContent || got.ID != "the-id" || got.Text("username") != "홍길동" || got.Text("nothing") != "" ||
			!slices.Equal(got.Path, []string{"users", "u", "timetables", "시간표하나둘셋넷다섯"}) {
			t.Errorf("%s: %d, %+v\n%s", mode, status, got, log)
		}
		if status, _, log := deliver(t, cloud, ctx, deleted(t, "users/u", "fail", 0)); status != http.StatusServiceUnavailable || !strings.Contains(log, "event=the-id") {
			t.Errorf("%s: status of a failure is %d\n%s", mode, status, log)
		}
		if status, _, log := deliver(t, cloud, ctx, deleted(t, "users/u", "panic", 0)); status != http.StatusServiceUnavailable ||
			!strings.Contains(log, "event=the-id") || !strings.Contains(log, "a bug") {
			t.Errorf("%s: status of a panic is %d\n%s", mode, status, log)
		}
		aged := deleted(t, "users/u", "panic", 0)
		aged.SetTime(time.Now().Add(-cloudevent.MaxAge - time.Minute))
		if status, _, log := deliver(t, cloud, ctx, aged); status != http.StatusNoContent || !strings.Contains(log, "event=the-id") {
			t.Errorf("%s: status of a panic for an old event is %d\n%s", mode, status, log)
		}
		other := deleted(t, "users/u", "x", 0)
		other.SetType("google.cloud.firestore.document.v1.created")
		if status, got, log := deliver(t, cloud, ctx, other); status != http.StatusNoContent || got.ID != "" || !strings.Contains(log, "event=the-id") {
			t.Errorf("%s: status of another type is %d, the function received %+v\n%s", mode, status, got, log)
		}
	}
	if status, got, log := deliver(t, cloud, binding.WithForceBinary(t.Context()), deleted(t, "users/u", "x", 3<<20)); status != http.StatusNoContent || got.ID != "" || !strings.Contains(log, "event=the-id") {
		t.Errorf("status of an event beyond the size limit is %d, the function received %+v\n%s", status, got, log)
	}
}
