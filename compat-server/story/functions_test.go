package story

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/schema"
)

// startFunctions starts the service that Firestore's events trigger, and registers its triggers.
func (h *history) startFunctions() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()
	place := spec.Place{Project: h.cloud.Project, URLs: map[string]string{"functions": url, "push": "http://127.0.0.1:1"}} // nobody has a device
	variables, err := deployment.Table().Environment("functions", place)
	if err != nil {
		h.Fatal(err)
	}
	for name, value := range h.cloud.Environment() {
		variables[name] = value
	}
	variables["PORT"] = port
	p := run(h, "functions", nil, variables)
	for h.requests.Err() == nil {
		if p.ended() {
			h.Fatalf("functions ended: %v\n%s", p.err, p.output())
		}
		if response, err := http.Get(url + "/health"); err == nil {
			response.Body.Close()
			break
		}
		h.wait(10 * time.Millisecond)
	}
	for _, t := range deployment.Table().Triggers {
		if err := h.cloud.Triggers.Register(triggers.Trigger{
			Name: t.ID, Event: triggers.EventType(t.Event), Database: t.Database, Document: t.Document,
			URL: url + t.Target.Path, Audience: url, ServiceAccount: spec.Email(h.cloud.Project, t.Target.Account),
		}); err != nil {
			h.Fatal(err)
		}
	}
}

// nothingOrphaned waits until all events have been handled, and checks that no lecture is left of a timetable that was
// deleted, and no account was purged.
func (h *history) nothingOrphaned() error {
	if err := h.cloud.Triggers.Idle(h.requests); err != nil {
		return err
	}
	for _, info := range h.cloud.Triggers.Triggers() {
		h.Logf("%s: %d events", info.Trigger.Name, info.Done)
		if info.Dead > 0 {
			return fmt.Errorf("%s gave %d events up", info.Trigger.Name, info.Dead)
		}
	}
	timetables := map[string]bool{}
	for doc, err := range documentwriter.Documents(h.requests, h.fs.CollectionGroup(schema.TimetableDocument.Collection()).Query) {
		if err != nil {
			return err
		}
		timetables[doc.Ref.Path] = true
	}
	for doc, err := range documentwriter.Documents(h.requests, h.fs.CollectionGroup(schema.LectureDocument.Collection()).Query) {
		if err != nil {
			return err
		}
		if !timetables[doc.Ref.Parent.Parent.Path] {
			return fmt.Errorf("%s is left of a timetable that was deleted", doc.Ref.Path)
		}
	}
	for doc, err := range documentwriter.Documents(h.requests, schema.Deletions(h.fs).Query) {
		if err != nil {
			return err
		}
		return fmt.Errorf("somebody's account is being deleted: %v", doc.Data())
	}
	return nil
}
