package run

import (
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// ErrImageNotFound is the failure of a revision whose image does not exist: see [Server.FailStarts].
var ErrImageNotFound = errors.New("image not found")

// reconcile brings a service to a desired state, and stores it. A new or changed template creates a
// revision. The mutex is held.
func (s *Server) reconcile(old *service, wanted *runpb.Service, force, validateOnly bool) (*longrunningpb.Operation, error) {
	setDefaults(wanted)
	if err := checkService(wanted); err != nil {
		return nil, err
	}
	now := timestamppb.New(s.clock.Now())
	next := &service{pb: wanted, revisions: slices.Clone(old.revisions), policy: old.policy}
	wanted.Generation = old.pb.Generation + 1
	wanted.UpdateTime, wanted.LastModifier, wanted.Etag = now, "local", newEtag(old.pb.Etag)
	wanted.LatestReadyRevision, wanted.LatestCreatedRevision = old.pb.LatestReadyRevision, old.pb.LatestCreatedRevision
	var created *runpb.Revision
	if force || !proto.Equal(old.pb.Template, wanted.Template) {
		var err error
		if created, err = next.newRevision(now); err != nil {
			return nil, err
		}
		next.revisions = append(next.revisions, created)
		wanted.LatestCreatedRevision = created.Name
	}
	if err := next.checkTraffic(); err != nil {
		return nil, err
	}
	if validateOnly {
		return s.operation(wanted.Name, wanted, nil), nil
	}
	if created != nil {
		s.startRevision(created, now)
	}
	s.settle(next, old.pb, now)
	s.services.Set(wanted.Name, next)
	if created != nil {
		s.changes.Add(record{Revision: marshal(created)})
	}
	s.changes.Add(record{Service: marshal(wanted)})
	return s.operation(wanted.Name, wanted, failure(wanted.TerminalCondition)), nil
}

// newRevision returns a revision of the service's template, which is not started yet.
func (v *service) newRevision(now *timestamppb.Timestamp) (*runpb.Revision, error) {
	pb, t := v.pb, v.pb.Template
	id := t.Revision
	if id == "" {
		id = newRevisionID(lastPart(pb.Name), pb.Generation)
	}
	name := pb.Name + "/revisions/" + id
	if v.revision(id) != nil {
		return nil, status.Errorf(codes.AlreadyExists, "Revision named '%s' with different configuration already exists.", id)
	}
	c := proto.CloneOf(t)
	return &runpb.Revision{
		Name: name, Uid: uuid.NewString(), Service: pb.Name, Generation: 1, ObservedGeneration: 1,
		CreateTime: now, UpdateTime: now, Creator: pb.LastModifier, Etag: newEtag(""),
		Labels: c.Labels, Annotations: c.Annotations, LaunchStage: pb.LaunchStage, Scaling: c.Scaling, VpcAccess: c.VpcAccess,
		MaxInstanceRequestConcurrency: c.MaxInstanceRequestConcurrency, Timeout: c.Timeout, ServiceAccount: c.ServiceAccount,
		Containers: c.Containers, Volumes: c.Volumes, ExecutionEnvironment: c.ExecutionEnvironment, EncryptionKey: c.EncryptionKey,
		SessionAffinity: c.SessionAffinity, NodeSelector: c.NodeSelector, Client: c.Client, ClientVersion: c.ClientVersion,
	}, nil
}

// startRevision sets the revision's conditions: ready, or why it failed. The mutex is held.
func (s *Server) startRevision(r *runpb.Revision, now *timestamppb.Timestamp) {
	ready := &runpb.Condition{Type: "Ready", State: runpb.Condition_CONDITION_SUCCEEDED, LastTransitionTime: now}
	container := &runpb.Condition{Type: "ContainerReady", State: runpb.Condition_CONDITION_SUCCEEDED, LastTransitionTime: now}
	if err := s.start(r); err != nil {
		ready.State, ready.Severity = runpb.Condition_CONDITION_FAILED, runpb.Condition_ERROR
		if errors.Is(err, ErrImageNotFound) {
			ready.Message = fmt.Sprintf("Image '%s' not found.", r.Containers[0].Image)
			ready.Reasons = &runpb.Condition_Reason{Reason: runpb.Condition_CONTAINER_MISSING}
			container.State, container.Message, container.Reasons = ready.State, ready.Message, ready.Reasons
		} else {
			ready.Message = fmt.Sprintf("The user-provided container failed to start and listen on the port defined provided by the PORT=%d "+
				"environment variable within the allocated timeout. %v", port(r), err)
			ready.Reasons = &runpb.Condition_RevisionReason_{RevisionReason: runpb.Condition_HEALTH_CHECK_CONTAINER_ERROR}
		}
	}
	r.Conditions = []*runpb.Condition{ready, container}
}

func port(r *runpb.Revision) int32 {
	for _, c := range r.Containers {
		for _, p := range c.Ports {
			return p.ContainerPort
		}
	}
	return 8080
}

// settle sets what a service shows of its state. If a revision failed, or one that gets traffic is not
// ready, the service keeps serving what it served. The mutex is held.
func (s *Server) settle(v *service, old *runpb.Service, now *timestamppb.Timestamp) {
	pb := v.pb
	pb.Uri = s.address(pb.Name, "")
	pb.Urls = []string{pb.Uri}
	configured := &runpb.Condition{Type: "ConfigurationsReady", State: runpb.Condition_CONDITION_SUCCEEDED, LastTransitionTime: now}
	if latest := v.revision(lastPart(pb.LatestCreatedRevision)); latest != nil {
		if isReady(latest) {
			pb.LatestReadyRevision = latest.Name
		} else {
			fail(configured, fmt.Sprintf("Revision '%s' is not ready and cannot serve traffic. %s", lastPart(latest.Name), readyCondition(latest).GetMessage()))
		}
	}
	routed := &runpb.Condition{Type: "RoutesReady", State: runpb.Condition_CONDITION_SUCCEEDED, LastTransitionTime: now}
	statuses, message := s.route(v)
	if message != "" {
		fail(routed, message)
		statuses = old.TrafficStatuses
	}
	pb.TrafficStatuses = statuses
	terminal := &runpb.Condition{Type: "Ready", State: runpb.Condition_CONDITION_SUCCEEDED, LastTransitionTime: now}
	pb.ObservedGeneration = pb.Generation
	for _, c := range []*runpb.Condition{routed, configured} {
		if c.State == runpb.Condition_CONDITION_FAILED {
			fail(terminal, c.Message)
			pb.ObservedGeneration = old.ObservedGeneration
		}
	}
	pb.TerminalCondition, pb.Conditions = terminal, []*runpb.Condition{routed, configured}
}

func fail(c *runpb.Condition, message string) {
	c.State, c.Severity, c.Message = runpb.Condition_CONDITION_FAILED, runpb.Condition_ERROR, message
	c.Reasons = &runpb.Condition_Reason{Reason: runpb.Condition_REVISION_FAILED}
}

// readyCondition returns the condition of a revision that says whether it is ready.
func readyCondition(r *runpb.Revision) *runpb.Condition {
	for _, c := range r.GetConditions() {
		if c.Type == "Ready" {
			return c
		}
	}
	return nil
}

func isReady(r *runpb.Revision) bool {
	return readyCondition(r).GetState() == runpb.Condition_CONDITION_SUCCEEDED
}

// revision finds a revision by its ID, or returns nil.
func (v *service) revision(id string) *runpb.Revision {
	for _, r := range v.revisions {
		if lastPart(r.Name) == id {
			return r
		}
	}
	return nil
}
