package comparison

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/internal/schema"
)

// Estimate returns about how many reads Run will bill, without the users that it inspects again. It bills one
// read for each thousand documents itself.
func Estimate(ctx context.Context, cfg Config) (reads int, err error) {
	c, err := newComparer(cfg)
	if err != nil {
		return 0, err
	}
	var queries []firestore.Query
	perUser := 0 // queries, each of which bills a read if it finds nothing
	if c.has(schema.MigrateAccounts) {
		queries = append(queries, schema.Users(c.Firestore).Query, schema.Usernames(c.Firestore).Query, schema.Credentials(c.Firestore).Query)
		perUser += 3
	}
	if c.has(schema.MigrateTimetables) {
		queries = append(queries, schema.InGroup(c.Firestore, schema.TimetableDocument.Collection(), nil, nil),
			schema.InGroup(c.Firestore, schema.LectureDocument.Collection(), nil, nil))
		perUser += 2
	}
	for _, q := range queries {
		n, err := count(ctx, q)
		if err != nil {
			return 0, err
		}
		reads += n
	}
	users, err := count(ctx, schema.Users(c.Firestore).Query)
	if err != nil {
		return 0, err
	}
	if !c.wholeUsers() && users > 0 {
		sample := c.Sample
		if !c.Since.IsZero() {
			changed, err := c.changedUsers(ctx)
			if err != nil {
				return 0, err
			}
			sample += len(changed)
		}
		sample = min(sample, users)
		reads = max(reads*sample/users, perUser*sample)
	}
	if c.has(schema.MigrateSchools) {
		reads += schoolReads
	}
	return reads, nil
}

// schoolReads is about how many schools and semesters there are.
const schoolReads = 50

func count(ctx context.Context, q firestore.Query) (int, error) {
	result, err := q.NewAggregationQuery().WithCount("n").Get(ctx)
	if err != nil {
		return 0, fmt.Errorf("count documents: %w", err)
	}
	n, _ := result["n"].(*firestorepb.Value)
	return int(n.GetIntegerValue()), nil
}
