package release

import (
	"context"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// The annotations of a service: see the package comment. OpenTofu ignores them.
const (
	servedKey    = "heektime.heek.kr/served"
	releasingKey = "heektime.heek.kr/releasing" // ID of the release that deployed the candidate
	withdrawnKey = "heektime.heek.kr/withdrawn"
)

// maxHistory bounds the revisions that are remembered.
const maxHistory = 10

// unknownRelease is the release of a revision that got its traffic in another way. It is less than all IDs.
const unknownRelease = "-"

// entry is a revision that has had all traffic, and the release that moved it there.
type entry struct{ revision, release string }

// history are the revisions that have served, the newest first. As an annotation, it is a list of
// revision@release.
type history []entry

func parseHistory(text string) history {
	var h history
	for word := range strings.FieldsSeq(text) {
		revision, release, _ := strings.Cut(word, "@")
		h = append(h, entry{revision, release})
	}
	return h
}

func (h history) String() string {
	words := make([]string, len(h))
	for i, e := range h {
		words[i] = e.revision + "@" + e.release
	}
	return strings.Join(words, " ")
}

// head returns the newest entry, or an empty one.
func (h history) head() entry {
	if len(h) == 0 {
		return entry{}
	}
	return h[0]
}

// push adds an entry, which replaces an older one of its revision.
func (h history) push(e entry) history {
	rest := slices.DeleteFunc(slices.Clone(h), func(old entry) bool { return old.revision == e.revision })
	return append(history{e}, rest[:min(len(rest), maxHistory-1)]...)
}

// from returns the entry of a revision and those before it, or nil.
func (h history) from(revision string) history {
	at := slices.IndexFunc(h, func(e entry) bool { return e.revision == revision })
	if at < 0 {
		return nil
	}
	return h[at:]
}

// releaseID returns the ID of this release, a time. A release that continues one that was killed halfway
// has its ID, so that one rollback undoes both.
func (r *Releaser) releaseID(ctx context.Context, services []*spec.Service) (string, error) {
	started, newest := "", ""
	for _, s := range services {
		pb, err := r.read(ctx, s)
		if err != nil {
			return "", inService(s, err)
		}
		started = max(started, pb.Annotations[releasingKey])
		newest = max(newest, parseHistory(pb.Annotations[servedKey]).head().release)
	}
	if started != "" && started >= newest {
		return started, nil
	}
	return r.Now().UTC().Format(time.RFC3339), nil
}
