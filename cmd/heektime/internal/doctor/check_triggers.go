package doctor

import (
	"maps"
	"path"
	"slices"
	"strings"

	"google.golang.org/api/eventarc/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

func checkTriggerSettings(e *examination) {
	for i := range e.Table.Triggers {
		want := &e.Table.Triggers[i]
		got := e.State.Triggers[want.ID]
		if got == nil {
			e.errorf("trigger "+want.ID, "does not exist").because("nothing "+want.Purpose, "%s", e.apply())
			continue
		}
		if d := e.compareTrigger(want, got); len(d) > 0 {
			e.errorf("trigger "+want.ID, "%s", strings.Join(d, "; ")).because("the function gets no events, or ones that it cannot read", "%s", e.apply())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.State.Triggers)) {
		if !slices.ContainsFunc(e.Table.Triggers, func(t spec.Trigger) bool { return t.ID == id }) {
			e.warnf("trigger "+id, "is not in the table").because("its events are billed and nothing says what they do",
				"gcloud eventarc triggers delete %s --location=%s --project=%s", id, e.Table.Region, e.Options.Project)
		}
	}
}

func (e *examination) compareTrigger(want *spec.Trigger, got *eventarc.Trigger) (d differences) {
	filters := map[string]string{}
	for _, f := range got.EventFilters {
		filters[f.Attribute] = strings.TrimSpace(f.Operator + " " + f.Value)
	}
	database := want.Database
	if database == "(default)" {
		database = e.Options.Database
	}
	d.compare("the event", filters["type"], want.Event)
	d.compare("the database", filters["database"], database)
	d.compare("the document", filters["document"], "match-path-pattern "+want.Document)
	d.compare("the content type", got.EventDataContentType, "application/protobuf")
	d.compare("the account", path.Base(got.ServiceAccount), spec.Email(e.Options.Project, want.Target.Account))
	run := &eventarc.CloudRun{}
	if got.Destination != nil && got.Destination.CloudRun != nil {
		run = got.Destination.CloudRun
	}
	d.compare("the destination", run.Region+" "+path.Base(run.Service)+run.Path, e.Table.Region+" "+want.Target.Service+want.Target.Path)
	return d
}

func checkTriggerHealth(e *examination) {
	for _, id := range slices.Sorted(maps.Keys(e.State.Triggers)) {
		conditions := e.State.Triggers[id].Conditions
		for _, name := range slices.Sorted(maps.Keys(conditions)) {
			if c := conditions[name]; c.Code != "" && c.Code != "OK" {
				e.errorf("trigger "+id, "%s: %s %s", name, c.Code, firstLine(c.Message)).because("its events may not arrive",
					"gcloud eventarc triggers describe %s --location=%s --project=%s", id, e.Table.Region, e.Options.Project)
			}
		}
	}
}
