package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/emulator/triggers"
)

// eventsShown is how many events of a trigger the page shows.
const eventsShown = 200

// trigger is a Firestore trigger.
type trigger struct {
	Name     string `json:"name"`
	Event    string `json:"event"` // created, updated, deleted, written
	Database string `json:"database"`
	Document string `json:"document"` // pattern
	URL      string `json:"url"`
	Retry    bool   `json:"retry"`
	Account  string `json:"account,omitempty"`
	Absent   bool   `json:"absent,omitempty"` // registered by an earlier process only; its events wait
	Waiting  int    `json:"waiting"`
	Running  int    `json:"running"`
	Done     int    `json:"done"` // since the emulator started
	Dead     int    `json:"dead"`
}

// eventKind returns the last part of an event type, such as "created".
func eventKind(t triggers.EventType) string {
	kind := string(t.Base())
	return kind[strings.LastIndexByte(kind, '.')+1:]
}

func newTrigger(i triggers.Info) trigger {
	t := i.Trigger
	return trigger{t.Name, eventKind(t.Event), t.Database, t.Document, t.URL, t.Retry, t.ServiceAccount, i.Absent, i.Waiting, i.Running, i.Done, i.Dead}
}

// triggers lists all triggers.
func (c *Console) triggers(*http.Request) (any, error) {
	out := []trigger{}
	for _, i := range c.Triggers.Triggers() {
		out = append(out, newTrigger(i))
	}
	return map[string]any{"triggers": out}, nil
}

// event is an event with its delivery attempts.
type event struct {
	ID       string         `json:"id"`
	Event    string         `json:"event"`
	Document string         `json:"document"`
	Time     time.Time      `json:"time"` // commit time
	State    triggers.State `json:"state"`
	Due      *time.Time     `json:"due,omitempty"`
	Ended    *time.Time     `json:"ended,omitempty"`
	Count    int            `json:"count"`    // attempts started
	Attempts []attempt      `json:"attempts"` // the most recent ones, oldest first
}

type eventsResponse struct {
	Trigger trigger `json:"trigger"`
	Events  []event `json:"events"`
	More    int     `json:"more"` // number of events not shown
}

// events lists a trigger's events: first the waiting ones, then the dead ones, then the delivered ones.
func (c *Console) events(r *http.Request) (any, error) {
	name, err := parameter(r, "trigger")
	if err != nil {
		return nil, err
	}
	infos, err := c.Triggers.Events(name)
	if err != nil {
		return nil, notFound(err)
	}
	a := eventsResponse{Events: []event{}, More: max(0, len(infos)-eventsShown)}
	for _, i := range limitEvents(infos) {
		a.Events = append(a.Events, event{
			i.ID, eventKind(i.Type), i.Document, i.Time, i.State, optionalTime(i.Due), optionalTime(i.Ended), i.Tried, newAttempts(i.Attempts),
		})
	}
	for _, i := range c.Triggers.Triggers() {
		if i.Trigger.Name == name {
			a.Trigger = newTrigger(i)
		}
	}
	return a, nil
}

// limitEvents returns at most eventsShown events. Up to half of them are events that ended, no matter how
// many are waiting.
func limitEvents(infos []triggers.EventInfo) []triggers.EventInfo {
	waiting := slices.IndexFunc(infos, func(i triggers.EventInfo) bool { return i.State == triggers.Dead || i.State == triggers.Done })
	if waiting < 0 {
		waiting = len(infos)
	}
	ended := min(len(infos)-waiting, max(eventsShown/2, eventsShown-waiting))
	return append(infos[:min(waiting, eventsShown-ended):waiting], infos[waiting:waiting+ended]...)
}

// redeliver delivers an event immediately, even if it has been delivered before.
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
		return nil, notFound(err)
	}
	return struct{}{}, nil
}
