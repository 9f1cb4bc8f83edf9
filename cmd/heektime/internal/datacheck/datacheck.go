// Package datacheck finds out whether a Firestore database is consistent: after a backup was restored, or
// at any time. It reads every document once, in the order of their names, and never writes. The sweeper
// repairs some of what it finds; a [Kind] says what to do about the rest.
package datacheck

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"cloud.google.com/go/storage"

	"heek.kr/heektime/cmd/heektime/internal/docstream"
	"heek.kr/heektime/internal/schema"
)

// Config is what a check works with. Firestore is required.
type Config struct {
	Firestore *firestore.Client
	// Bucket holds the course lists; nil skips the checks of the lists.
	Bucket *storage.BucketHandle
	// Sample checks only this many users, usernames, credentials and deletions each; 0 checks all.
	Sample int
	// Examples is how many examples of each kind a report has; 0 means 5.
	Examples int
	// Progress, if not nil, is called now and then.
	Progress func(Progress)
	// Now returns the time; nil means time.Now.
	Now func() time.Time
	// Random returns the id from which a sample of a collection is read; nil means a random one.
	Random func() string
}

// Progress is how far a check has come. Total is 0 for a sample, whose size is not known before.
type Progress struct{ Done, Total int }

// Report is what a check found.
type Report struct {
	// Documents that were checked, and course lists that were downloaded.
	Documents, Lists int
	// Reads that Firestore billed.
	Reads    int
	Findings []Finding
	// ListsSkipped means that there was no bucket to compare with.
	ListsSkipped bool
}

// Finding is everything of one kind.
type Finding struct {
	Kind     Kind
	Count    int
	Examples []string
}

// checker is a check in progress.
type checker struct {
	Config
	report   Report
	found    map[string]*Finding
	above    []string // the paths of the documents above the last one, and its own
	pending  []lookup
	waiting  int // references in pending
	known    map[string]bool
	listings map[string]int // by kind of document, how many were searched for unknown collections
	total    int
	last     time.Time // of the last progress
}

// Run checks a database. An error means that the check is incomplete.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Firestore == nil {
		return nil, errors.New("a check needs a Firestore client")
	}
	if cfg.Examples == 0 {
		cfg.Examples = 5
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = randomID
	}
	c := &checker{Config: cfg, found: map[string]*Finding{}, known: map[string]bool{}, listings: map[string]int{}}
	c.report.ListsSkipped = cfg.Bucket == nil
	err := c.run(ctx)
	for _, kind := range Kinds {
		if f := c.found[kind.Name]; f != nil {
			c.report.Findings = append(c.report.Findings, *f)
		}
	}
	return &c.report, err
}

func (c *checker) run(ctx context.Context) error {
	if err := c.checkRoots(ctx); err != nil {
		return err
	}
	if c.Sample > 0 {
		return c.sample(ctx)
	}
	if err := c.count(ctx); err != nil {
		return err
	}
	return c.read(ctx, docstream.Range{}, nil)
}

// count counts the documents, for the progress. Firestore bills a read for every thousand.
func (c *checker) count(ctx context.Context) error {
	for _, group := range schema.Groups() {
		result, err := c.Firestore.CollectionGroup(group).NewAggregationQuery().WithCount("n").Get(ctx)
		if err != nil {
			return fmt.Errorf("count the documents of %s: %w", group, err)
		}
		value, _ := result["n"].(*firestorepb.Value)
		n := int(value.GetIntegerValue())
		c.total += n
		c.report.Reads += max(1, (n+999)/1000)
	}
	return nil
}

// read checks the documents of a range, until enough returns true before one.
func (c *checker) read(ctx context.Context, within docstream.Range, enough func(path string) bool) error {
	stream := docstream.Open(c.Firestore, within)
	defer func() { c.report.Reads += stream.Reads() }()
	for {
		doc, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		if doc == nil || enough != nil && enough(schema.Path(doc.Ref)) {
			return c.flush(ctx)
		}
		if err := c.check(ctx, doc); err != nil {
			return err
		}
		if now := c.Now(); c.Progress != nil && now.Sub(c.last) >= time.Second {
			c.last = now
			c.Progress(Progress{c.report.Documents, c.total})
		}
	}
}

// sample checks a part of each collection that grows with the number of users, and all of the others.
func (c *checker) sample(ctx context.Context) error {
	large := []*firestore.CollectionRef{schema.Users(c.Firestore), schema.Usernames(c.Firestore), schema.Credentials(c.Firestore), schema.Deletions(c.Firestore)}
	for _, root := range schema.Roots() {
		i := slices.IndexFunc(large, func(l *firestore.CollectionRef) bool {
			return strings.HasPrefix(collectionPath(l)+"/", root+"/")
		})
		var err error
		if i >= 0 {
			err = c.sampleOf(ctx, large[i])
		} else if root != attempts() { // which nothing refers to, and which expire
			var within docstream.Range
			if within, err = docstream.At(c.Firestore, root); err == nil {
				err = c.read(ctx, within, nil)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sampleOf checks documents of a collection with what is below them, from a random one on, and from the
// first one on if the collection has too few after that.
func (c *checker) sampleOf(ctx context.Context, collection *firestore.CollectionRef) error {
	path := collectionPath(collection)
	whole, err := docstream.At(c.Firestore, path)
	if err != nil {
		return err
	}
	last, n := "", 0
	enough := func(at string) bool {
		id, _, _ := strings.Cut(strings.TrimPrefix(at, path+"/"), "/")
		if id != last {
			last = id
			n++
		}
		return n > c.Sample
	}
	start := collection.Doc(c.Random())
	if err := c.read(ctx, docstream.Range{From: start, Before: whole.Before}, enough); err != nil || n > c.Sample {
		return err
	}
	return c.read(ctx, docstream.Range{From: whole.From, Before: start}, enough)
}

func collectionPath(c *firestore.CollectionRef) string {
	_, path, _ := strings.Cut(c.Path, "/documents/")
	return path
}

func attempts() string {
	root, _, _ := strings.Cut(schema.AttemptsDocument.Path, "/")
	return root
}

// randomID is a name like the ids of users: where a sample begins.
func randomID() string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	id := make([]byte, 4)
	for i := range id {
		id[i] = letters[rand.IntN(len(letters))]
	}
	return string(id)
}

// find counts something that is wrong.
func (c *checker) find(kind Kind, format string, args ...any) {
	f := c.found[kind.Name]
	if f == nil {
		f = &Finding{Kind: kind}
		c.found[kind.Name] = f
	}
	f.Count++
	if len(f.Examples) < c.Examples {
		f.Examples = append(f.Examples, fmt.Sprintf(format, args...))
	}
}

// checkRoots finds collections at the root that are not in the schema.
func (c *checker) checkRoots(ctx context.Context) error {
	collections, err := c.Firestore.Collections(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("list the collections: %w", err)
	}
	c.report.Reads += max(1, len(collections))
	for _, collection := range collections {
		if !slices.Contains(schema.Roots(), collection.ID) {
			c.find(UnknownCollection, "%s", collection.ID)
		}
	}
	return nil
}
