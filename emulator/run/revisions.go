package run

import (
	"context"
	"slices"
	"strings"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// revisions implements [runpb.RevisionsServer].
type revisions struct {
	runpb.UnimplementedRevisionsServer
	s *Server
}

// GetRevision returns a revision.
func (v revisions) GetRevision(_ context.Context, r *runpb.GetRevisionRequest) (*runpb.Revision, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	_, found, err := v.s.find(r.Name)
	return found, err
}

// find returns a revision, and its service, by the name in a request. The mutex is held.
func (s *Server) find(name string) (*service, *runpb.Revision, error) {
	if !revisionName.MatchString(name) {
		return nil, nil, invalid("%q is not the name of a revision, projects/P/locations/L/services/S/revisions/R.", name)
	}
	owner, _, _ := strings.Cut(name, "/revisions/")
	found, err := s.service(owner)
	if err != nil {
		return nil, nil, err
	}
	if r := found.revision(lastPart(name)); r != nil {
		return found, r, nil
	}
	return nil, nil, revisionMissing(lastPart(name))
}

// ListRevisions returns the revisions of a service, or with the service "-" those of a location, the newest
// first.
func (v revisions) ListRevisions(_ context.Context, r *runpb.ListRevisionsRequest) (*runpb.ListRevisionsResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	var all []*runpb.Revision
	if location, found := strings.CutSuffix(r.Parent, "/services/-"); found && locationName.MatchString(location) {
		v.s.services.Scan(func(name string, one *service) bool {
			if strings.HasPrefix(name, location+"/") {
				all = append(all, one.revisions...)
			}
			return true
		})
	} else {
		one, err := v.s.service(r.Parent)
		if err != nil {
			return nil, err
		}
		all = slices.Clone(one.revisions)
	}
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b *runpb.Revision) int { return b.CreateTime.AsTime().Compare(a.CreateTime.AsTime()) })
	page, next, err := pageOf(all, r.PageSize, r.PageToken, (*runpb.Revision).GetName)
	return &runpb.ListRevisionsResponse{Revisions: page, NextPageToken: next}, err
}

// DeleteRevision deletes a revision that neither gets traffic nor is the latest one.
func (v revisions) DeleteRevision(_ context.Context, r *runpb.DeleteRevisionRequest) (*longrunningpb.Operation, error) {
	return change(v.s, func() (*longrunningpb.Operation, error) {
		owner, found, err := v.s.find(r.Name)
		if err != nil {
			return nil, err
		}
		if r.Etag != "" && r.Etag != found.Etag {
			return nil, status.Errorf(codes.Aborted, "Conflict for resource '%s': version '%s' was specified but current version is '%s'.",
				lastPart(r.Name), r.Etag, found.Etag)
		}
		targeted := slices.ContainsFunc(owner.pb.Traffic, func(t *runpb.TrafficTarget) bool { return t.Revision == lastPart(r.Name) })
		if targeted || r.Name == owner.pb.LatestCreatedRevision || r.Name == owner.pb.LatestReadyRevision {
			return nil, status.Errorf(codes.FailedPrecondition, "Revision '%s' cannot be deleted: it is the latest one, or a target of traffic.", lastPart(r.Name))
		}
		pb := proto.CloneOf(found)
		if !r.ValidateOnly {
			pb.DeleteTime = timestamppb.New(v.s.clock.Now())
			owner.revisions = slices.DeleteFunc(slices.Clone(owner.revisions), func(one *runpb.Revision) bool { return one == found })
			v.s.changes.Add(record{RevisionGone: r.Name})
		}
		return v.s.operation(pb.Service, pb, nil), nil
	})
}
