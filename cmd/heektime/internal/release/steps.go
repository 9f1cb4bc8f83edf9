package release

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"heek.kr/heektime/internal/deployment/spec"
)

// deploy returns the revision with the image, which it creates without traffic unless it exists.
func (r *Releaser) deploy(ctx context.Context, s *spec.Service, image, id string) (string, error) {
	pb, err := r.change(ctx, s, func(pb *runpb.Service) (*runpb.UpdateServiceRequest, error) {
		template := pb.GetTemplate()
		if len(template.GetContainers()) == 0 {
			return nil, fmt.Errorf("the service has no container")
		}
		current := template.Containers[0].Image
		if image == "" {
			if current == pb.Annotations[withdrawnKey] {
				return nil, fmt.Errorf("its image %s was rolled back: release another one, or name it with --image", current)
			}
			if !isDigest.MatchString(current) {
				return nil, fmt.Errorf("its image %s names no digest: release one with --image or --images", current)
			}
		}
		again := false
		if image == "" || image == current {
			latest, err := r.revision(ctx, pb, last(pb.LatestCreatedRevision))
			if err != nil {
				return nil, err
			}
			if isReady(latest) && latest.Containers[0].Image == current {
				return nil, nil
			}
			again = true // it failed to start; perhaps what it lacked is there now
		}
		next := proto.CloneOf(template)
		next.Revision = "" // Cloud Run makes up a name, so that a changed setting makes another revision
		if image != "" {
			next.Containers[0].Image = image
		}
		return &runpb.UpdateServiceRequest{
			Service:          &runpb.Service{Template: next, Traffic: pinned(pb), Annotations: annotated(pb, releasingKey, id)},
			UpdateMask:       &fieldmaskpb.FieldMask{Paths: []string{"template", "traffic", "annotations"}},
			ForceNewRevision: again,
		}, nil
	})
	if err != nil {
		return "", err
	}
	if got := pb.Template.Containers[0].Image; image != "" && got != image {
		return "", fmt.Errorf("another release has deployed %s meanwhile", got)
	}
	revision, err := r.revision(ctx, pb, last(pb.LatestCreatedRevision))
	if err != nil {
		return "", err
	}
	if got, want := revision.Containers[0].Image, pb.Template.Containers[0].Image; got != want {
		return "", fmt.Errorf("no revision was made for %s; the latest is %s", want, last(revision.Name))
	}
	if !isReady(revision) {
		return "", fmt.Errorf("revision %s did not become ready: %s", last(revision.Name), readyMessage(revision))
	}
	r.report(s, "%s is ready: %s", last(revision.Name), revision.Containers[0].Image)
	return last(revision.Name), nil
}

// tag gives a ready revision its tag, unless it has all traffic already.
func (r *Releaser) tag(ctx context.Context, s *spec.Service, revision, id string) (*runpb.Service, error) {
	return r.change(ctx, s, func(pb *runpb.Service) (*runpb.UpdateServiceRequest, error) {
		if got := last(pb.LatestCreatedRevision); got != revision {
			return nil, fmt.Errorf("another release has deployed %s meanwhile", got)
		}
		tagged := slices.ContainsFunc(pb.TrafficStatuses, func(t *runpb.TrafficTargetStatus) bool {
			return t.Tag == candidateTag && target(pb, t) == revision
		})
		if tagged || serves(pb) == revision {
			return nil, nil
		}
		traffic := pinned(pb)
		if len(pb.TrafficStatuses) == 0 { // nothing serves yet, so nothing can break
			traffic = []*runpb.TrafficTarget{toRevision(revision, 100)}
		}
		traffic = append(traffic, &runpb.TrafficTarget{Type: byRevision, Revision: revision, Tag: candidateTag})
		return &runpb.UpdateServiceRequest{
			Service:    &runpb.Service{Traffic: traffic, Annotations: annotated(pb, releasingKey, id)},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"traffic", "annotations"}},
		}, nil
	})
}

// move moves all traffic to a candidate, and records that it serves.
func (r *Releaser) move(ctx context.Context, c *candidate, id string) error {
	moved := false
	pb, err := r.change(ctx, c.service, func(pb *runpb.Service) (*runpb.UpdateServiceRequest, error) {
		if got := last(pb.LatestCreatedRevision); got != c.revision {
			return nil, fmt.Errorf("another release has deployed %s meanwhile", got)
		}
		history := parseHistory(pb.Annotations[servedKey])
		traffic := onlyTo(pb, c.revision)
		if sameTraffic(traffic, pb.Traffic) && history.head().revision == c.revision {
			return nil, nil
		}
		moved = true
		if before := serves(pb); before != "" && before != history.head().revision && before != c.revision {
			// The traffic was moved by hand, or this is the first release. A revision without a digest is
			// the placeholder that OpenTofu created the service with, to which there is no way back.
			old, err := r.revision(ctx, pb, before)
			if err != nil {
				return nil, err
			}
			if isDigest.MatchString(old.Containers[0].Image) {
				history = history.push(entry{revision: before, release: unknownRelease})
			}
		}
		return moveRequest(pb, traffic, history.push(entry{c.revision, id}), ""), nil
	})
	if err != nil {
		return err
	}
	if serves(pb) != c.revision {
		return fmt.Errorf("the traffic did not move to %s: %s", c.revision, pb.GetTerminalCondition().GetMessage())
	}
	if moved {
		r.report(c.service, "all traffic goes to %s", c.revision)
	} else {
		r.report(c.service, "%s already has all traffic", c.revision)
	}
	return nil
}

// moveRequest is the change that moves traffic and records it.
func moveRequest(pb *runpb.Service, traffic []*runpb.TrafficTarget, served history, withdrawn string) *runpb.UpdateServiceRequest {
	annotations := annotated(pb, servedKey, served.String(), withdrawnKey, withdrawn, releasingKey, "")
	return &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Traffic: traffic, Annotations: annotations},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"traffic", "annotations"}},
	}
}

// annotated returns the annotations of a service with some of them changed: keys and values in turn. An
// empty value removes its key.
func annotated(pb *runpb.Service, changes ...string) map[string]string {
	annotations := maps.Clone(pb.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	for i := 0; i < len(changes); i += 2 {
		if annotations[changes[i]] = changes[i+1]; changes[i+1] == "" {
			delete(annotations, changes[i])
		}
	}
	return annotations
}
