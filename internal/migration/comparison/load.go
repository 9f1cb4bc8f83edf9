package comparison

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
)

// Known keeps what a comparison of some users has read of all users, for later ones. It is not safe for concurrent
// use.
type Known struct {
	names *conversion.Names
	uids  []string
	loads int // how often all users were read
}

// load reads what conversion needs to know of all rows, and chooses the sample.
//
// A user's name depends on those of all other users, so it has to be called again before users are inspected
// again.
func (c *comparer) load(ctx context.Context) error {
	r, err := c.Old.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer r.Close()
	known := c.Known
	if known == nil {
		known = &Known{}
	}
	if known.names == nil || c.reload || c.wholeUsers() {
		if err := known.read(ctx, r, c.Old.Mapping); err != nil {
			return err
		}
	}
	c.reload = true
	for name := range c.reserved {
		known.names.Reserve(name)
	}
	if c.convert, err = documentwriter.NewConverter(ctx, c.Firestore, c.Old.Mapping, r, known.names); err != nil {
		return err
	}
	if c.sampled != nil || c.wholeUsers() {
		c.total = max(len(known.uids), c.total)
		return nil
	}
	sample := known.sample(c.Sample)
	if !c.Since.IsZero() {
		changed, err := c.changedUsers(ctx)
		if err != nil {
			return err
		}
		sample = slices.DeleteFunc(sample, func(uid string) bool { return slices.Contains(changed, uid) })
		sample = append(changed, sample...)
	}
	c.sampled = sample
	c.total = len(c.sampled)
	return nil
}

// read reads all users.
func (k *Known) read(ctx context.Context, r *legacydb.Reader, mapping *legacydb.Mapping) error {
	names := conversion.NewNames(mapping)
	var uids []string
	for user, err := range legacydb.Rows[legacydb.User](ctx, r, "") {
		if err != nil {
			return fmt.Errorf("read the users: %w", err)
		}
		names.Put(user)
		uids = append(uids, user.ID)
	}
	k.names, k.uids = names, uids
	k.loads++
	return nil
}

// sample returns n users at random, all if there are fewer.
func (k *Known) sample(n int) []string {
	sample := slices.Clone(k.uids[:min(n, len(k.uids))])
	for i := len(sample); i < len(k.uids) && n > 0; i++ {
		if j := rand.IntN(i + 1); j < n {
			sample[j] = k.uids[i]
		}
	}
	return sample
}

// all reads all rows of a kind that has few.
func all[T legacydb.Row](ctx context.Context, r *legacydb.Reader) ([]T, error) {
	var rows []T
	for row, err := range legacydb.Rows[T](ctx, r, "") {
		if err != nil {
			return nil, fmt.Errorf("read the %ss: %w", legacydb.KindOf[T](), err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
