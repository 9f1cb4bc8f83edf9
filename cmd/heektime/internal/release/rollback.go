package release

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/deployment/spec"
)

// Rollback moves the traffic of the named services back to the revisions that served before. Without names,
// these are the services that the newest release moved. Rolling back again goes back further.
func (r *Releaser) Rollback(ctx context.Context, names []string) error {
	services, err := order(r.Table, names)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if services, err = r.lastReleased(ctx, services); err != nil {
			return err
		}
	}
	slices.Reverse(services) // callers before those that they call
	var errs []error
	for _, s := range services {
		if err := r.rollBack(ctx, s, ""); err != nil {
			errs = append(errs, inService(s, err))
		}
	}
	return errors.Join(errs...)
}

// RollbackTo moves all traffic of a service to a revision.
func (r *Releaser) RollbackTo(ctx context.Context, name, revision string) error {
	services, err := order(r.Table, []string{name})
	if err != nil {
		return err
	}
	return inService(services[0], r.rollBack(ctx, services[0], last(revision)))
}

// lastReleased returns the services whose traffic the newest release moved.
func (r *Releaser) lastReleased(ctx context.Context, services []*spec.Service) (moved []*spec.Service, err error) {
	newest := ""
	for _, s := range services {
		pb, err := r.read(ctx, s)
		if errors.Is(err, errNoService) {
			continue
		}
		if err != nil {
			return nil, inService(s, err)
		}
		switch id := parseHistory(pb.Annotations[servedKey]).head().release; {
		case id == "" || id == unknownRelease || id < newest:
		case id > newest:
			newest, moved = id, []*spec.Service{s}
		default:
			moved = append(moved, s)
		}
	}
	if moved == nil {
		return nil, errors.New("no service remembers a release: name the services to roll back")
	}
	return moved, nil
}

// rollBack moves a service's traffic to a revision, or if it is "" to the one that served before.
func (r *Releaser) rollBack(ctx context.Context, s *spec.Service, to string) error {
	from := ""
	pb, err := r.change(ctx, s, func(pb *runpb.Service) (*runpb.UpdateServiceRequest, error) {
		served := parseHistory(pb.Annotations[servedKey])
		if from == "" { // decide once: another attempt does not go back further
			from = serves(pb)
			var err error
			if to == "" {
				to, err = r.previous(ctx, pb, served)
			} else {
				err = r.usable(ctx, pb, to)
			}
			if err != nil {
				return nil, err
			}
		} else if now := serves(pb); now != from {
			return nil, errConflict
		}
		traffic := onlyTo(pb, to)
		if sameTraffic(traffic, pb.Traffic) && serves(pb) == to {
			return nil, nil
		}
		kept := served.from(to)
		if kept == nil {
			kept = append(history{{to, unknownRelease}}, served.without(from)...)
		}
		return moveRequest(pb, traffic, kept, pb.GetTemplate().GetContainers()[0].GetImage()), nil
	})
	if err != nil {
		return err
	}
	if serves(pb) != to {
		return fmt.Errorf("the traffic did not move to %s: %s", to, pb.GetTerminalCondition().GetMessage())
	}
	if from == "" {
		from = "split traffic"
	}
	r.report(s, "%s → %s", from, to)
	return nil
}

// without returns the history without a revision that is left.
func (h history) without(revision string) history {
	return slices.DeleteFunc(slices.Clone(h), func(e entry) bool { return e.revision == revision })
}

// previous returns the newest ready revision that served before the one that serves now. Without a record of
// what served, it is the newest ready one with a digest that is older.
func (r *Releaser) previous(ctx context.Context, pb *runpb.Service, served history) (string, error) {
	now := serves(pb)
	if before := served.from(now); now != "" && before != nil {
		for _, e := range before[1:] {
			err := r.usable(ctx, pb, e.revision)
			if err == nil {
				return e.revision, nil
			}
			if status.Code(err) != codes.NotFound && !errors.Is(err, errNotReady) {
				return "", err
			}
		}
		return "", fmt.Errorf("no revision that served before %s still exists and is ready: name one with --to", now)
	}
	seen := now == ""
	for list := r.Revisions.ListRevisions(ctx, &runpb.ListRevisionsRequest{Parent: pb.Name}); ; { // newest first
		one, err := list.Next()
		if errors.Is(err, iterator.Done) {
			return "", fmt.Errorf("there is no ready revision before %s: name one with --to", now)
		}
		if err != nil {
			return "", fmt.Errorf("list the revisions: %w", err)
		}
		if seen && isReady(one) && len(one.Containers) > 0 && isDigest.MatchString(one.Containers[0].Image) {
			return last(one.Name), nil
		}
		seen = seen || last(one.Name) == now
	}
}

var errNotReady = errors.New("is not ready")

// usable checks that a revision exists and is ready.
func (r *Releaser) usable(ctx context.Context, pb *runpb.Service, id string) error {
	one, err := r.revision(ctx, pb, id)
	if err != nil {
		return err
	}
	if !isReady(one) {
		return fmt.Errorf("revision %s %w: %s", id, errNotReady, readyMessage(one))
	}
	return nil
}
