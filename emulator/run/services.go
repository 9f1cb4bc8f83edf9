package run

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/internal/fieldmask"
)

// GetService returns a service.
func (s *Server) GetService(_ context.Context, r *runpb.GetServiceRequest) (*runpb.Service, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.service(r.Name)
	if err != nil {
		return nil, err
	}
	return found.pb, nil
}

// service finds a service by the name in a request. The mutex is held.
func (s *Server) service(name string) (*service, error) {
	if !serviceName.MatchString(name) {
		return nil, invalid("%q is not the name of a service, projects/P/locations/L/services/S.", name)
	}
	found, ok := s.services.Get(name)
	if !ok {
		return nil, notFound(name)
	}
	return found, nil
}

// ListServices returns the services of a location, the newest first.
func (s *Server) ListServices(_ context.Context, r *runpb.ListServicesRequest) (*runpb.ListServicesResponse, error) {
	if !locationName.MatchString(r.Parent) {
		return nil, invalid("%q is not the name of a location, projects/P/locations/L.", r.Parent)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*runpb.Service
	s.services.Scan(func(name string, found *service) bool {
		if strings.HasPrefix(name, r.Parent+"/services/") {
			all = append(all, found.pb)
		}
		return true
	})
	slices.SortStableFunc(all, func(a, b *runpb.Service) int { return b.CreateTime.AsTime().Compare(a.CreateTime.AsTime()) })
	page, next, err := pageOf(all, r.PageSize, r.PageToken, (*runpb.Service).GetName)
	return &runpb.ListServicesResponse{Services: page, NextPageToken: next}, err
}

// maxPage is the largest page size.
const maxPage = 1000

// pageOf returns the page of all that begins after the item with the name in a token.
func pageOf[T any](all []T, size int32, token string, name func(T) string) (page []T, next string, err error) {
	if size < 0 {
		return nil, "", invalid("page_size is %d; it must be 0 or more.", size)
	}
	if size == 0 || size > maxPage {
		size = maxPage
	}
	if token != "" {
		at := slices.IndexFunc(all, func(item T) bool { return name(item) == token })
		if at < 0 {
			return nil, "", invalid("The page token is invalid.")
		}
		all = all[at+1:]
	}
	if len(all) <= int(size) {
		return all, "", nil
	}
	return all[:size], name(all[size-1]), nil
}

// CreateService creates a service and its first revision.
func (s *Server) CreateService(_ context.Context, r *runpb.CreateServiceRequest) (*longrunningpb.Operation, error) {
	if !locationName.MatchString(r.Parent) {
		return nil, invalid("%q is not the name of a location, projects/P/locations/L.", r.Parent)
	}
	id := r.ServiceId
	if id == "" {
		id = "service-" + randomLetters(8)
	}
	if !serviceID.MatchString(id) {
		return nil, invalid("Violation in CreateServiceRequest.service_id: %q must begin with a letter, consist of lower-case letters, "+
			"digits and hyphens, not end with a hyphen, and have fewer than 50 characters.", id)
	}
	if r.Service == nil {
		return nil, invalid("CreateServiceRequest.service is required.")
	}
	name := r.Parent + "/services/" + id
	return change(s, func() (*longrunningpb.Operation, error) {
		if _, exists := s.services.Get(name); exists {
			return nil, status.Errorf(codes.AlreadyExists, "Resource '%s' already exists.", id)
		}
		return s.create(name, r.Service, r.ValidateOnly)
	})
}

// create creates a service that does not exist. The mutex is held.
func (s *Server) create(name string, given *runpb.Service, validateOnly bool) (*longrunningpb.Operation, error) {
	now := timestamppb.New(s.clock.Now())
	pb := proto.CloneOf(given)
	clearOutput(pb)
	pb.Name, pb.Uid, pb.CreateTime, pb.Creator = name, uuid.NewString(), now, "local"
	return s.reconcile(&service{pb: &runpb.Service{Name: name}}, pb, false, validateOnly)
}

// clearOutput clears the fields that only the server sets.
func clearOutput(pb *runpb.Service) {
	pb.Uid, pb.Generation, pb.ObservedGeneration, pb.Etag, pb.Reconciling = "", 0, 0, "", false
	pb.CreateTime, pb.UpdateTime, pb.DeleteTime, pb.ExpireTime = nil, nil, nil, nil
	pb.Creator, pb.LastModifier, pb.Uri, pb.Urls = "", "", "", nil
	pb.TerminalCondition, pb.Conditions, pb.TrafficStatuses = nil, nil, nil
	pb.LatestReadyRevision, pb.LatestCreatedRevision = "", ""
}

// UpdateService changes the fields in the mask, or all if the mask is empty.
func (s *Server) UpdateService(_ context.Context, r *runpb.UpdateServiceRequest) (*longrunningpb.Operation, error) {
	name := r.GetService().GetName()
	return change(s, func() (*longrunningpb.Operation, error) {
		old, err := s.service(name)
		if status.Code(err) == codes.NotFound && r.AllowMissing {
			return s.create(name, r.Service, r.ValidateOnly)
		}
		if err != nil {
			return nil, err
		}
		if err := checkEtag(old.pb, r.Service.GetEtag()); err != nil {
			return nil, err
		}
		wanted := proto.CloneOf(r.Service)
		if paths := r.UpdateMask.GetPaths(); len(paths) > 0 && !slices.Equal(paths, []string{"*"}) {
			wanted = proto.CloneOf(old.pb)
			if err := fieldmask.Apply(wanted, proto.CloneOf(r.Service), r.UpdateMask); err != nil {
				return nil, invalid("%v", err)
			}
		}
		clearOutput(wanted)
		wanted.Name, wanted.Uid, wanted.CreateTime, wanted.Creator = name, old.pb.Uid, old.pb.CreateTime, old.pb.Creator
		return s.reconcile(old, wanted, r.ForceNewRevision, r.ValidateOnly)
	})
}

// checkEtag rejects a change that is based on an old version of the service. Google's guideline asks for
// ABORTED, which is HTTP 409.
//
// Source: https://google.aip.dev/154
func checkEtag(pb *runpb.Service, etag string) error {
	if etag == "" || etag == pb.Etag {
		return nil
	}
	return status.Errorf(codes.Aborted, "Conflict for resource '%s': version '%s' was specified but current version is '%s'.",
		lastPart(pb.Name), etag, pb.Etag)
}

// newEtag returns the etag of a service's next version, which Cloud Run writes in quotes.
func newEtag(old string) string {
	n, _ := strconv.Atoi(strings.Trim(old, `"`))
	return strconv.Quote(strconv.Itoa(n + 1))
}

// DeleteService deletes a service and its revisions.
func (s *Server) DeleteService(_ context.Context, r *runpb.DeleteServiceRequest) (*longrunningpb.Operation, error) {
	return change(s, func() (*longrunningpb.Operation, error) {
		found, err := s.service(r.Name)
		if err != nil {
			return nil, err
		}
		if err := checkEtag(found.pb, r.Etag); err != nil {
			return nil, err
		}
		pb := proto.CloneOf(found.pb)
		if !r.ValidateOnly {
			pb.DeleteTime = timestamppb.New(s.clock.Now())
			s.services.Delete(r.Name)
			s.changes.Add(record{Gone: r.Name})
		}
		return s.operation(pb.Name, pb, nil), nil
	})
}
