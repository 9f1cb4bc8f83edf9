package console

import (
	"net/http"
	"strings"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"

	cloudrun "heek.kr/heektime/emulator/run"
)

// runService is a service of Cloud Run.
type runService struct {
	Name      string        `json:"name"`
	URL       string        `json:"url"`
	Account   string        `json:"account,omitempty"`
	Ready     bool          `json:"ready"`
	Message   string        `json:"message,omitempty"` // why it is not ready
	Updated   *time.Time    `json:"updated,omitempty"`
	Traffic   []trafficPart `json:"traffic"`
	Revisions []runRevision `json:"revisions"` // newest first
}

// trafficPart is a target of a service's traffic.
type trafficPart struct {
	Revision string `json:"revision"`
	Percent  int32  `json:"percent"`
	Tag      string `json:"tag,omitempty"`
	URL      string `json:"url,omitempty"` // of the tag
}

// runRevision is a revision of a service.
type runRevision struct {
	ID      string     `json:"id"`
	Image   string     `json:"image"`
	Ready   bool       `json:"ready"`
	Message string     `json:"message,omitempty"`
	Created *time.Time `json:"created,omitempty"`
}

func newRunService(i cloudrun.ServiceInfo) runService {
	pb := i.Service
	s := runService{
		Name: pb.Name, URL: pb.Uri, Account: pb.GetTemplate().GetServiceAccount(), Updated: optionalTimestamp(pb.UpdateTime),
		Ready: succeeded(pb.TerminalCondition), Message: pb.TerminalCondition.GetMessage(), Traffic: []trafficPart{}, Revisions: []runRevision{},
	}
	for _, t := range pb.TrafficStatuses {
		id := t.Revision
		if id == "" { // the latest that is ready
			id = pb.LatestReadyRevision[strings.LastIndexByte(pb.LatestReadyRevision, '/')+1:]
		}
		s.Traffic = append(s.Traffic, trafficPart{id, t.Percent, t.Tag, t.Uri})
	}
	for _, r := range i.Revisions {
		one := runRevision{ID: r.Name[strings.LastIndexByte(r.Name, '/')+1:], Created: optionalTimestamp(r.CreateTime)}
		for _, c := range r.Containers[:min(1, len(r.Containers))] {
			one.Image = c.Image
		}
		for _, c := range r.Conditions {
			if c.Type == "Ready" {
				one.Ready, one.Message = succeeded(c), c.Message
			}
		}
		s.Revisions = append(s.Revisions, one)
	}
	return s
}

func succeeded(c *runpb.Condition) bool { return c.GetState() == runpb.Condition_CONDITION_SUCCEEDED }

// services lists the services of Cloud Run.
func (c *Console) services(*http.Request) (any, error) {
	out := []runService{}
	for _, i := range c.Run.Services() {
		out = append(out, newRunService(i))
	}
	return map[string]any{"services": out}, nil
}
