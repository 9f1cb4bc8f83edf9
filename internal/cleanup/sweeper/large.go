package sweeper

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/schema"
)

// DefaultDocuments is the default bound on an account's timetables and lectures. Students have some dozens. Rules cannot
// count, so an account can exceed it; a sweep finds it, and an operator decides what it is.
const DefaultDocuments = 10_000

// perRead is how many index entries an aggregation counts for one read.
// Source: https://firebase.google.com/docs/firestore/pricing#aggregation_queries
const perRead = 1000

// uidRange is a range of uids: from is its first, until the first beyond it. An empty until is no bound.
type uidRange struct {
	from, until string
	// prefix is what most uids of the range begin with.
	prefix string
}

// after returns the smallest uid above another one.
func after(uid string) string { return uid + "\x00" }

// uidCharacters are the characters of uids that Authentication and the old system choose, in order. Others are between
// them, so every uid is in a range.
const uidCharacters = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

// deepest is how long a prefix may be: random uids differ much earlier.
const deepest = 40

// split divides a range by the next character of its uids. It returns nil if that is not possible.
func (u uidRange) split() []uidRange {
	if len(u.prefix) >= deepest {
		return nil
	}
	var parts []uidRange
	last := u
	for _, c := range uidCharacters {
		at := u.prefix + string(c)
		if at <= u.from || u.until != "" && at >= u.until {
			continue
		}
		last.until = at
		parts = append(parts, last)
		last = uidRange{from: at, until: u.until, prefix: at}
	}
	if parts != nil {
		return append(parts, last)
	}
	if n := len(u.prefix); len(u.from) > n && strings.HasPrefix(u.from, u.prefix) && u.from[n] < utf8.RuneSelf {
		u.prefix = u.from[:n+1] // the whole range has this character
		return u.split()
	}
	return nil
}

// findLarge names accounts that have more timetables and lectures than an account may. It counts ranges of uids and divides
// those that have more, so in a normal project a count covers thousands of accounts. It may bill half of what the run may;
// then the next run continues.
//
// Billed for n documents: n/1000 reads if they are within the bound together, otherwise several times that and 130.
func (r *run) findLarge(ctx context.Context) error {
	todo := []uidRange{{from: r.counted}} // the first is last
	for len(todo) > 0 {
		in := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if r.counted = in.from; r.report.Operations+5*(r.documents/perRead+1) > r.operations/2 {
			return nil
		}
		n, err := r.count(ctx, in)
		switch {
		case err != nil:
			return err
		case n <= r.documents:
			continue
		}
		parts, err := r.divide(ctx, in)
		if err != nil {
			return err
		}
		slices.Reverse(parts)
		todo = append(todo, parts...)
	}
	r.counted = ""
	return nil
}

// divide returns the parts of a range that has too many documents for one account. If its first user has as many, it
// names them, and the rest of the range remains.
func (r *run) divide(ctx context.Context, in uidRange) ([]uidRange, error) {
	first, err := r.firstUID(ctx, in)
	if err != nil || first == "" { // deleted meanwhile
		return nil, err
	}
	own, err := r.count(ctx, uidRange{from: first, until: after(first)})
	if err != nil {
		return nil, err
	}
	rest := []uidRange{{after(first), in.until, in.prefix}}
	if own > r.documents {
		return rest, r.reportLarge(ctx, first)
	}
	in.from = first
	if parts := in.split(); parts != nil {
		return parts, nil
	}
	return rest, nil
}

// groups are the collection groups whose documents count.
var groups = []string{schema.LectureDocument.Collection(), schema.TimetableDocument.Collection()}

// count counts the timetables and lectures of a range of users, but not much beyond the bound.
func (r *run) count(ctx context.Context, in uidRange) (total int, err error) {
	const alias = "n"
	for _, group := range groups {
		query := r.within(r.firestore.CollectionGroup(group).Limit(r.documents+1), in)
		result, err := query.NewAggregationQuery().WithCount(alias).Get(ctx)
		if err != nil {
			return 0, fmt.Errorf("count the %s of users from %q to %q: %w", group, in.from, in.until, err)
		}
		value, _ := result[alias].(*firestorepb.Value)
		n := int(value.GetIntegerValue())
		r.billed(max(1, (n+perRead-1)/perRead))
		if total += n; total > r.documents {
			break
		}
	}
	return total, nil
}

// within limits a query of a collection group to documents below a range of users.
func (r *run) within(query firestore.Query, in uidRange) firestore.Query {
	if in.from != "" {
		query = query.Where(firestore.DocumentID, ">=", schema.Users(r.firestore).Doc(in.from))
	}
	if in.until != "" {
		query = query.Where(firestore.DocumentID, "<", schema.Users(r.firestore).Doc(in.until))
	}
	return query
}

// firstUID returns the first uid of a range that has a timetable or lecture, "" if none has.
func (r *run) firstUID(ctx context.Context, in uidRange) (first string, err error) {
	for _, group := range groups {
		query := r.within(r.firestore.CollectionGroup(group).OrderBy(firestore.DocumentID, firestore.Asc).Select().Limit(1), in)
		docs, err := query.Documents(ctx).GetAll()
		r.billed(1)
		if err != nil {
			return "", fmt.Errorf("find the first of the %s of users from %q: %w", group, in.from, err)
		}
		if len(docs) == 0 {
			continue
		}
		timetable := docs[0].Ref
		if group == groups[0] { // a lecture
			timetable = timetable.Parent.Parent
		}
		if uid := timetable.Parent.Parent.ID; first == "" || uid < first {
			first = uid
		}
	}
	return first, nil
}

// reportLarge names an account, unless it is blocked or about to be deleted.
func (r *run) reportLarge(ctx context.Context, uid string) error {
	docs, err := r.get(ctx, []*firestore.DocumentRef{schema.DeletionRef(r.firestore, uid)})
	if err != nil || docs[0].Exists() {
		return err
	}
	r.log.WarnContext(ctx, logline.AccountTooLarge, "uid", uid, "moreThan", r.documents)
	r.note("users/%s has more than %d timetables and lectures", uid, r.documents)
	return nil
}
