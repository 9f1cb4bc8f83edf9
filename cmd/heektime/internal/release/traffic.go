package release

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
)

const (
	byLatest   = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
	byRevision = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
)

// last returns the last part of a resource name.
func last(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// target returns the revision that a traffic target leads to.
func target(pb *runpb.Service, t *runpb.TrafficTargetStatus) string {
	if t.Type == byLatest {
		return last(pb.LatestReadyRevision)
	}
	return t.Revision
}

// serves returns the revision that has all traffic, or "" if there is none or the traffic is split.
func serves(pb *runpb.Service) string {
	found := ""
	for _, t := range pb.TrafficStatuses {
		if t.Percent == 0 {
			continue
		}
		if id := target(pb, t); found == "" || found == id {
			found = id
		} else {
			return ""
		}
	}
	return found
}

// pinned returns targets that keep the traffic where it is, whatever is deployed next. It leaves out the
// tag of an earlier candidate.
func pinned(pb *runpb.Service) []*runpb.TrafficTarget {
	var targets []*runpb.TrafficTarget
	for _, t := range pb.TrafficStatuses {
		one := &runpb.TrafficTarget{Type: byRevision, Revision: target(pb, t), Percent: t.Percent, Tag: t.Tag}
		if one.Tag == candidateTag {
			one.Tag = ""
		}
		if one.Percent > 0 || one.Tag != "" {
			targets = append(targets, one)
		}
	}
	if targets == nil { // nothing serves yet
		return pb.Traffic
	}
	return targets
}

// onlyTo returns targets that send all traffic to a revision. They keep the tags that others have set.
func onlyTo(pb *runpb.Service, revision string) []*runpb.TrafficTarget {
	targets := []*runpb.TrafficTarget{toRevision(revision, 100)}
	for _, t := range pinned(pb) {
		if t.Tag != "" {
			targets = append(targets, &runpb.TrafficTarget{Type: t.Type, Revision: t.Revision, Tag: t.Tag})
		}
	}
	return targets
}

func toRevision(revision string, percent int32) *runpb.TrafficTarget {
	return &runpb.TrafficTarget{Type: byRevision, Revision: revision, Percent: percent}
}

func sameTraffic(a, b []*runpb.TrafficTarget) bool {
	return slices.EqualFunc(a, b, func(x, y *runpb.TrafficTarget) bool { return proto.Equal(x, y) })
}

// revision reads a revision of a service.
func (r *Releaser) revision(ctx context.Context, pb *runpb.Service, id string) (*runpb.Revision, error) {
	found, err := r.Revisions.GetRevision(ctx, &runpb.GetRevisionRequest{Name: pb.Name + "/revisions/" + id})
	if err != nil {
		return nil, fmt.Errorf("read revision %s: %w", id, err)
	}
	if len(found.Containers) == 0 {
		return nil, fmt.Errorf("revision %s has no container", id)
	}
	return found, nil
}

func ready(r *runpb.Revision) *runpb.Condition {
	for _, c := range r.GetConditions() {
		if c.Type == "Ready" {
			return c
		}
	}
	return nil
}

func isReady(r *runpb.Revision) bool {
	return ready(r).GetState() == runpb.Condition_CONDITION_SUCCEEDED
}

// readyMessage says why a revision is not ready.
func readyMessage(r *runpb.Revision) string {
	if message := ready(r).GetMessage(); message != "" {
		return message
	}
	return "Cloud Run gives no reason; see its log at " + r.LogUri
}
