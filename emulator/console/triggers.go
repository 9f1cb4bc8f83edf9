package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/emulator/triggers"
)

// eventsShown is how many events of a trigger are shown.
const eventsShown = 200

type trigger struct {
	Name     string `json:"name"`
	Event    string `json:"event"` // created, updated, deleted, written
	Database string `json:"database"`
	Document string `json:"document"` // the pattern
	URL      string `json:"url"`
	Retry    bool   `json:"retry"`
	Account  string `json:"account,omitempty"`
	Absent   bool   `json:"absent,omitempty"` // of an earlier process: its events wait
	Waiting  int    `json:"waiting"`
	Running  int    `json:"running"`
	Done     int    `json:"done"` // since the start
	Dead     int    `json:"dead"`
}

// eventKind is the last part of an event's type.
func eventKind(t triggers.EventType) string {
	return string(t[strings.LastIndexByte(string(t), '.')+1:])
}

func newTrigger(i triggers.Info) trigger {
	t := i.Trigger
	return trigger{t.Name, eventKind(t.Event), t.Database, t.Document, t.URL, t.Retry, t.ServiceAccount, i.Absent, i.Waiting, i.Running, i.Done, i.Dead}
}

// triggers are all of them.
func (c *Console) triggers(*http.Request) (any, error) {
	out := []trigger{}
	for _, i := range c.Triggers.Triggers() {
		out = append(out, newTrigger(i))
	}
	return map[string]any{"triggers": out}, nil
}

type event struct {
	ID       string         `json:"id"`
	Event    string         `json:"event"`
	Document string         `json:"document"`
	Time     time.Time      `json:"time"` // of the commit
	State    triggers.State `json:"state"`
	Due      *time.Time     `json:"due,omitempty"`
	Ended    *time.Time     `json:"ended,omitempty"`
	Count    int            `json:"count"`    // of attempts that began
	Attempts []attempt      `json:"attempts"` // the last of them, oldest first
}

type eventsAnswer struct {
	Trigger trigger `json:"trigger"`
	Events  []event `json:"events"`
	More    int     `json:"more"` // events that are not shown
}

// events are those of a trigger: first those that wait, then those that were given up, then those that were delivered.
func (c *Console) events(r *http.Request) (any, error) {
	name, err := parameter(r, "trigger")
	if err != nil {
		return nil, err
	}
	infos, err := c.Triggers.Events(name)
	if err != nil {
		return nil, notFound("%v", err)
	}
	a := eventsAnswer{Events: []event{}, More: max(0, len(infos)-eventsShown)}
	for _, i := range someOf(infos) {
		a.Events = append(a.Events, event{
			i.ID, eventKind(i.Type), i.Document, i.Time, i.State, known(i.Due), known(i.Ended), i.Tried, newAttempts(i.Attempts),
		})
	}
	for _, i := range c.Triggers.Triggers() {
		if i.Trigger.Name == name {
			a.Trigger = newTrigger(i)
		}
	}
	return a, nil
}

// someOf leaves no more than are shown; however many wait, half of the room is for those that ended.
func someOf(infos []triggers.EventInfo) []triggers.EventInfo {
	waiting := slices.IndexFunc(infos, func(i triggers.EventInfo) bool { return i.State == triggers.Dead || i.State == triggers.Done })
	if waiting < 0 {
		waiting = len(infos)
	}
	ended := min(len(infos)-waiting, max(eventsShown/2, eventsShown-waiting))
	return append(infos[:min(waiting, eventsShown-ended):waiting], infos[waiting:waiting+ended]...)
}

// redeliver delivers an event now, once more if it has been.
func (c *Console) redeliver(r *http.Request) (any, error) {
	name, err := parameter(r, "trigger")
	if err != nil {
		return nil, err
	}
	id, err := parameter(r, "id")
	if err != nil {
		return nil, err
	}
	if err := c.Triggers.Redeliver(name, id); err != nil {
		return nil, notFound("%v", err)
	}
	return struct{}{}, nil
}
