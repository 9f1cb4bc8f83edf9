package run

import (
	"fmt"

	"cloud.google.com/go/run/apiv2/runpb"
)

const (
	latest     = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
	byRevision = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
)

// checkTraffic checks a service's traffic targets: percents sum to 100, tags are unique, and each
// revision exists.
//
// Source: https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2#traffictarget
func (v *service) checkTraffic() error {
	sum, tags := int32(0), map[string]bool{}
	for i, t := range v.pb.Traffic {
		field := fmt.Sprintf("service.traffic[%d]", i)
		switch {
		case t.Percent < 0 || t.Percent > 100:
			return violation(field+".percent", "%d must be from 0 to 100.", t.Percent)
		case t.Type == latest && t.Revision != "":
			return violation(field+".revision", "it must not be set if the type is %s.", latest)
		case t.Type == byRevision && t.Revision == "":
			return violation(field+".revision", "it is required if the type is %s.", byRevision)
		case t.Type != latest && t.Type != byRevision:
			return violation(field+".type", "it must be %s or %s.", latest, byRevision)
		case t.Percent == 0 && t.Tag == "":
			return violation(field, "a target needs a percent or a tag.")
		}
		if t.Type == byRevision && v.revision(t.Revision) == nil {
			return revisionMissing(t.Revision)
		}
		if err := checkTag(field+".tag", t.Tag, lastPart(v.pb.Name), tags); err != nil {
			return err
		}
		sum += t.Percent
	}
	if sum != 100 {
		return violation("service.traffic", "the percents must sum to 100, but sum to %d.", sum)
	}
	return nil
}

func checkTag(field, tag, service string, seen map[string]bool) error {
	switch {
	case tag == "":
		return nil
	case !tagName.MatchString(tag):
		return violation(field, "%q must begin with a letter and consist of lower-case letters, digits and hyphens.", tag)
	case len(tag)+len("---")+len(service) > maxSegment:
		return violation(field, "%q and the service's name together are too long for a domain name.", tag)
	case seen[tag]:
		return violation(field, "%q is already the tag of another target.", tag)
	}
	seen[tag] = true
	return nil
}

// route returns the state of traffic that a service's targets ask for, or why it cannot be reached. A tag
// on the latest revision is that of the latest one that is ready. The mutex is held.
func (s *Server) route(v *service) (statuses []*runpb.TrafficTargetStatus, failure string) {
	for _, t := range v.pb.Traffic {
		id := t.Revision
		if t.Type == latest {
			id = lastPart(v.pb.LatestReadyRevision)
		}
		revision := v.revision(id)
		switch {
		case revision == nil:
			return nil, fmt.Sprintf("Revision '%s' is not ready and cannot serve traffic. %s", lastPart(v.pb.LatestCreatedRevision),
				readyCondition(v.revision(lastPart(v.pb.LatestCreatedRevision))).GetMessage())
		case !isReady(revision):
			return nil, fmt.Sprintf("Revision '%s' is not ready and cannot serve traffic. %s", id, readyCondition(revision).GetMessage())
		}
		status := &runpb.TrafficTargetStatus{Type: t.Type, Revision: t.Revision, Percent: t.Percent, Tag: t.Tag}
		if t.Tag != "" {
			status.Uri = s.address(v.pb.Name, t.Tag)
		}
		statuses = append(statuses, status)
	}
	return statuses, ""
}
