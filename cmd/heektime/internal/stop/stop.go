// Package stop is the switch of heektime stop and heektime start. Stop releases security rules under which
// clients can only read, or nothing at all, and tells the services, which bypass rules. Start brings back
// exactly the rules that were there.
//
// The state is in the project alone: closed rules contain their original (package closedrules), and the document
// switches/writes says to services and clients that writes are stopped, and why. Each step can be repeated,
// so both commands can be interrupted anywhere and run again, by anybody.
package stop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/firebaserules/v1"
	"google.golang.org/api/googleapi"

	"heek.kr/heektime/cmd/heektime/internal/closedrules"
	"heek.kr/heektime/internal/schema"
)

// Switch stops and starts a project. All fields are required.
type Switch struct {
	Rules             *firebaserules.Service
	Firestore         *firestore.Client
	Project, Database string
	// Bucket is the bucket of the course lists.
	Bucket string
	Now    func() time.Time
}

// Options say how much to stop.
type Options struct {
	// Everything stops reads, too, also of course lists.
	Everything bool
	// Message is what users see. If it is empty, it stays as it is, or is [DefaultMessage].
	Message string
}

// DefaultMessage is what users see if the operator says nothing else.
const DefaultMessage = "지금은 점검 중이라 시간표를 고칠 수 없어요. 잠시 후 다시 시도해 주세요."

// State says what is stopped.
type State struct {
	// Firestore and Storage are the released rules. Storage is nil without a release.
	Firestore, Storage *Release
	// Notice is the document that tells services and clients, nil if there is none.
	Notice *schema.Stop
}

// Release is a release of rules.
type Release struct {
	Name, Ruleset string
	// Closed is nil if the rules are open.
	Closed *closedrules.Closed

	text string
}

// IsStopped reports whether clients and services are stopped.
func (s *State) IsStopped() bool { return s.Firestore.Closed != nil && s.Notice != nil }

// IsOpen reports whether nothing is stopped.
func (s *State) IsOpen() bool {
	return s.Firestore.Closed == nil && s.Notice == nil && (s.Storage == nil || s.Storage.Closed == nil)
}

// Since is when the stop began, the zero time if nothing is stopped.
func (s *State) Since() time.Time {
	switch {
	case s.Firestore.Closed != nil:
		return s.Firestore.Closed.Since
	case s.Notice != nil:
		return s.Notice.Since
	case s.Storage != nil && s.Storage.Closed != nil:
		return s.Storage.Closed.Since
	}
	return time.Time{}
}

// State reads the state.
func (s *Switch) State(ctx context.Context) (*State, error) {
	state, err := s.releases(ctx)
	if err != nil {
		return nil, err
	}
	state.Notice, err = schema.ReadStop(ctx, s.Firestore)
	return state, err
}

// releases reads the part of the state that the rules have.
func (s *Switch) releases(ctx context.Context) (*State, error) {
	var state State
	var err error
	if state.Firestore, err = s.release(ctx, s.firestoreRelease()); err != nil {
		return nil, err
	}
	if state.Firestore == nil {
		return nil, fmt.Errorf("project %s has no release %s: without rules, clients can do nothing", s.Project, s.firestoreRelease())
	}
	if state.Storage, err = s.release(ctx, s.storageRelease()); err != nil {
		return nil, err
	}
	return &state, nil
}

// Stop closes the rules and then tells the services. It never opens anything: what is stopped stays stopped. If
// Firestore does not respond, the rules are closed all the same.
func (s *Switch) Stop(ctx context.Context, o Options) (*State, error) {
	state, err := s.releases(ctx)
	if err != nil {
		return nil, err
	}
	since := state.Since()
	if since.IsZero() {
		since = s.Now().UTC().Truncate(time.Second)
	}
	if err := s.close(ctx, state.Firestore, since, o.Everything); err != nil {
		return nil, err
	}
	if o.Everything && state.Storage != nil {
		if err := s.close(ctx, state.Storage, since, true); err != nil {
			return nil, err
		}
	}
	if err := s.tell(ctx, since, o.Message); err != nil {
		return nil, fmt.Errorf("clients are stopped, but not the services: %w", err)
	}
	return s.State(ctx)
}

// tell writes the document that services and clients read.
func (s *Switch) tell(ctx context.Context, since time.Time, message string) error {
	notice, err := schema.ReadStop(ctx, s.Firestore)
	if err != nil {
		return err
	}
	if notice == nil {
		notice = &schema.Stop{Message: DefaultMessage}
	}
	notice.Since = since
	if message != "" {
		notice.Message = message
	}
	if _, err := schema.StopRef(s.Firestore).Set(ctx, *notice); err != nil {
		return fmt.Errorf("write %s: %w", schema.StopPath, err)
	}
	return nil
}

// Start brings back the rules and then tells the services.
func (s *Switch) Start(ctx context.Context) (*State, error) {
	state, err := s.releases(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range []*Release{state.Firestore, state.Storage} {
		if r != nil && r.Closed != nil {
			if err := s.open(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	if _, err := schema.StopRef(s.Firestore).Delete(ctx); err != nil {
		return nil, fmt.Errorf("clients may write, but not the services: delete %s: %w", schema.StopPath, err)
	}
	return s.State(ctx)
}

// close releases closed rules, unless they are released already.
func (s *Switch) close(ctx context.Context, r *Release, since time.Time, everything bool) error {
	original, c := r.text, closedrules.Closed{Since: since, Everything: everything, Before: r.Ruleset}
	if r.Closed != nil {
		if r.Closed.Everything || !everything {
			return nil
		}
		original, c.Before = r.Closed.Original, r.Closed.Before
	}
	text, err := closedrules.Close(original, c)
	if err != nil {
		return err
	}
	ruleset, err := s.createRuleset(ctx, text)
	if err != nil {
		return err
	}
	return s.point(ctx, r.Name, ruleset)
}

// open releases the ruleset that was released before, or, if nobody has it any more, a new one of the same
// text.
func (s *Switch) open(ctx context.Context, r *Release) error {
	text, err := s.text(ctx, r.Closed.Before)
	if err != nil && !isNotFound(err) {
		return err
	}
	ruleset := r.Closed.Before
	if err != nil || text != r.Closed.Original {
		if ruleset, err = s.createRuleset(ctx, r.Closed.Original); err != nil {
			return err
		}
	}
	return s.point(ctx, r.Name, ruleset)
}

// firestoreRelease and storageRelease are the names of the releases.
//
// Source: https://firebase.google.com/docs/reference/rules/rest/v1/projects.releases
func (s *Switch) firestoreRelease() string {
	if s.Database == "(default)" {
		return "cloud.firestore"
	}
	return "cloud.firestore/" + s.Database
}

func (s *Switch) storageRelease() string { return "firebase.storage/" + s.Bucket }

// release reads a release and its rules, nil if there is none.
func (s *Switch) release(ctx context.Context, id string) (*Release, error) {
	name := "projects/" + s.Project + "/releases/" + id
	got, err := s.Rules.Projects.Releases.Get(name).Context(ctx).Do()
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the release %s: %w", id, err)
	}
	r := &Release{Name: name, Ruleset: got.RulesetName}
	if r.text, err = s.text(ctx, r.Ruleset); err != nil {
		return nil, err
	}
	if r.Closed, err = closedrules.Parse(r.text); err != nil {
		return nil, fmt.Errorf("%s: %w; release the rules of the repository instead: tofu -chdir=deploy apply", id, err)
	}
	return r, nil
}

// text returns the rules of a ruleset, which are one file.
func (s *Switch) text(ctx context.Context, ruleset string) (string, error) {
	set, err := s.Rules.Projects.Rulesets.Get(ruleset).Context(ctx).Do()
	if err != nil {
		return "", fmt.Errorf("read %s: %w", ruleset, err)
	}
	if set.Source == nil || len(set.Source.Files) != 1 {
		return "", fmt.Errorf("%s is not one file", ruleset)
	}
	return set.Source.Files[0].Content, nil
}

func (s *Switch) createRuleset(ctx context.Context, text string) (name string, err error) {
	files := []*firebaserules.File{{Name: "heektime.rules", Content: text}}
	set, err := s.Rules.Projects.Rulesets.Create("projects/"+s.Project, &firebaserules.Ruleset{Source: &firebaserules.Source{Files: files}}).
		Context(ctx).Do()
	if err != nil {
		return "", fmt.Errorf("create a ruleset: %w", err)
	}
	return set.Name, nil
}

// point makes a release name a ruleset.
func (s *Switch) point(ctx context.Context, release, ruleset string) error {
	request := &firebaserules.UpdateReleaseRequest{Release: &firebaserules.Release{Name: release, RulesetName: ruleset}}
	if _, err := s.Rules.Projects.Releases.Patch(release, request).Context(ctx).Do(); err != nil {
		return fmt.Errorf("release %s: %w", ruleset, err)
	}
	return nil
}

func isNotFound(err error) bool {
	var e *googleapi.Error
	return errors.As(err, &e) && e.Code == http.StatusNotFound
}
