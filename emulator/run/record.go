package run

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
)

// record is one change in the log, as JSON. Revisions are written before the service that uses them.
type record struct {
	Service      []byte `json:",omitempty"` // a runpb.Service
	Gone         string `json:",omitempty"` // the name of a deleted service
	Revision     []byte `json:",omitempty"` // a runpb.Revision
	RevisionGone string `json:",omitempty"` // the name of a deleted revision
	PolicyOf     string `json:",omitempty"` // the name of the service of Policy
	Policy       []byte `json:",omitempty"` // an iampb.Policy
}

// marshal encodes a message. It cannot fail for messages that came over gRPC, whose strings are valid.
func marshal(m proto.Message) []byte {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("run: encoding a %T: %v", m, err))
	}
	return data
}

// state adds the records that recreate the current state. The mutex is held.
func (s *Server) state(add func(any)) {
	s.services.Scan(func(name string, one *service) bool {
		for _, r := range one.revisions {
			add(record{Revision: marshal(r)})
		}
		add(record{Service: marshal(one.pb)})
		if one.policy != nil {
			add(record{PolicyOf: name, Policy: marshal(one.policy)})
		}
		return true
	})
}

// apply repeats a change of an earlier process.
func (s *Server) apply(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("reading a record: %w", err)
	}
	switch {
	case r.Service != nil:
		pb := &runpb.Service{}
		if err := proto.Unmarshal(r.Service, pb); err != nil {
			return fmt.Errorf("reading a service: %w", err)
		}
		s.stored(pb.Name).pb = pb
	case r.Revision != nil:
		pb := &runpb.Revision{}
		if err := proto.Unmarshal(r.Revision, pb); err != nil {
			return fmt.Errorf("reading a revision: %w", err)
		}
		owner := s.stored(pb.Service)
		owner.revisions = append(owner.revisions, pb)
	case r.Policy != nil:
		pb := &iampb.Policy{}
		if err := proto.Unmarshal(r.Policy, pb); err != nil {
			return fmt.Errorf("reading a policy: %w", err)
		}
		s.stored(r.PolicyOf).policy = pb
	case r.RevisionGone != "":
		name, _, _ := strings.Cut(r.RevisionGone, "/revisions/")
		owner := s.stored(name)
		owner.revisions = slices.DeleteFunc(owner.revisions, func(one *runpb.Revision) bool { return one.Name == r.RevisionGone })
	default:
		s.services.Delete(r.Gone)
	}
	return nil
}

// stored returns the service with this name. Its first revision comes before the service itself, which
// is in the log only if the process did not die between the two: see [Server.dropIncomplete].
func (s *Server) stored(name string) *service {
	one, ok := s.services.Get(name)
	if !ok {
		one = &service{}
		s.services.Set(name, one)
	}
	return one
}

// dropIncomplete removes what an earlier process could not finish: a service without its own record, and
// a revision that is newer than its service.
func (s *Server) dropIncomplete() {
	var incomplete []string
	s.services.Scan(func(name string, one *service) bool {
		if one.pb == nil {
			incomplete = append(incomplete, name)
			return true
		}
		last := slices.IndexFunc(one.revisions, func(r *runpb.Revision) bool { return r.Name == one.pb.LatestCreatedRevision })
		one.revisions = one.revisions[:last+1]
		return true
	})
	for _, name := range incomplete {
		s.services.Delete(name)
	}
}
