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
	names := conversion.NewNames(c.Old.Mapping)
	total := 0
	var sample []string
	for user, err := range legacydb.Rows[legacydb.User](ctx, r, "") {
		if err != nil {
			return fmt.Errorf("read the users: %w", err)
		}
		names.Put(user)
		if total++; len(sample) < c.Sample {
			sample = append(sample, user.ID)
		} else if i := rand.IntN(total); i < c.Sample {
			sample[i] = user.ID
		}
	}
	for name := range c.reserved {
		names.Reserve(name)
	}
	if c.convert, err = documentwriter.NewConverter(ctx, c.Firestore, c.Old.Mapping, r, names); err != nil {
		return err
	}
	if c.sampled != nil || c.wholeUsers() {
		c.total = max(total, c.total)
		return nil
	}
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
