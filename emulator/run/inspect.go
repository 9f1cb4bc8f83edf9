package run

import (
	"slices"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
)

// ServiceInfo describes a service.
type ServiceInfo struct {
	Service   *runpb.Service
	Revisions []*runpb.Revision // newest first
}

// Services returns all services of all projects and locations, by name.
func (s *Server) Services() []ServiceInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	infos := make([]ServiceInfo, 0, s.services.Len())
	s.services.Scan(func(_ string, one *service) bool {
		info := ServiceInfo{Service: proto.CloneOf(one.pb)}
		for _, r := range slices.Backward(one.revisions) {
			info.Revisions = append(info.Revisions, proto.CloneOf(r))
		}
		infos = append(infos, info)
		return true
	})
	return infos
}

// Serving returns the IDs of the revisions that a service's requests reach, with their percents: those
// of a tag, or without a tag those of the service's own URL.
func (s *Server) Serving(service, tag string) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.services.Get(service)
	if !ok {
		return nil
	}
	serving := map[string]int{}
	for _, t := range one.pb.TrafficStatuses {
		id := t.Revision
		if t.Type == latest {
			id = lastPart(one.pb.LatestReadyRevision)
		}
		switch {
		case tag != "" && t.Tag == tag:
			return map[string]int{id: 100}
		case tag == "" && t.Percent > 0:
			serving[id] += int(t.Percent)
		}
	}
	return serving
}
