package comparison

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

const (
	// rangeUsers is how many users of the old database a range of ids has.
	rangeUsers = 200
	// parallelRanges is how many ranges are compared at a time.
	parallelRanges = 3
	// lectureBatch is how many timetables' lectures are read in one statement.
	lectureBatch = 200
	// maxPending is how many users may wait to be inspected again before the scan pauses for them.
	maxPending = 500
)

// idRange is a range of user ids: after the one, up to and including the other. "" means no bound.
type idRange struct {
	after, through string
	users          []legacydb.User
}

// pair has the hashes of a user's documents: those that rows became, and those of Firestore. A hash is the
// XOR of the documents' hashes, which include their paths, so it does not depend on their order.
type pair struct {
	rows, documents conversion.Sum
	hasRow          bool
}

// scan compares all users.
func (c *comparer) scan(ctx context.Context) error {
	after := ""
	for done := false; !done; {
		var ranges []idRange
		var err error
		if ranges, done, err = c.nextRanges(ctx, after); err != nil {
			return err
		}
		after = ranges[len(ranges)-1].through
		errs := make([]error, len(ranges))
		var workers sync.WaitGroup
		for i, r := range ranges {
			workers.Go(func() { errs[i] = c.compareRange(ctx, r) })
		}
		workers.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		if len(c.pending) >= maxPending {
			if err := c.settle(ctx, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextRanges returns the next ranges, and whether the last one has no upper bound.
func (c *comparer) nextRanges(ctx context.Context, after string) (ranges []idRange, done bool, err error) {
	r, err := c.Old.Reader(ctx, "")
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	current := idRange{after: after}
	for user, err := range legacydb.Rows[legacydb.User](ctx, r, after) {
		if err != nil {
			return nil, false, fmt.Errorf("read the users after %s: %w", after, err)
		}
		if len(current.users) == rangeUsers {
			current.through = current.users[rangeUsers-1].ID
			ranges = append(ranges, current)
			if len(ranges) == parallelRanges {
				return ranges, false, nil
			}
			current = idRange{after: current.through}
		}
		current.users = append(current.users, user)
	}
	return append(ranges, current), true, nil
}

// compareRange compares the hashes of a range's users and inspects those that differ.
func (c *comparer) compareRange(ctx context.Context, r idRange) error {
	h := hashes{comparer: c, users: map[string]*pair{}}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	for _, read := range h.readers(r) {
		parts.Go(func() {
			if err := read(ctx); err != nil {
				cancel(err)
			}
		})
	}
	parts.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	differ, newUsers := h.differ()
	c.count(len(r.users), h.documents, newUsers, h.leftOut)
	return c.inspectAll(ctx, differ)
}

// differ returns the users to inspect, and how many others were made on the new side.
func (h *hashes) differ() (uids []string, newUsers int) {
	h.comparer.mu.Lock()
	defer h.comparer.mu.Unlock()
	for uid, p := range h.users {
		switch {
		case !p.hasRow && !isOldUID(uid) && h.flowsBack:
			h.newSide = append(h.newSide, uid)
		case !p.hasRow && !isOldUID(uid):
			newUsers++
		case p.rows != p.documents:
			uids = append(uids, uid)
		}
	}
	for _, uid := range h.newSide {
		if !h.inspected[uid] {
			h.inspected[uid] = true
			uids = append(uids, uid)
		}
	}
	return uids, newUsers
}

// hashes sums the hashes of a range's documents.
type hashes struct {
	*comparer
	mu        sync.Mutex
	users     map[string]*pair
	documents int
	leftOut   []Difference
	// newSide are users of the new side whose rows have other keys. They are in another range.
	newSide []string
}

// readers returns functions that read the rows and the documents of a range.
func (h *hashes) readers(r idRange) []func(context.Context) error {
	list := []func(context.Context) error{func(ctx context.Context) error { return h.readRows(ctx, r) }}
	query := func(q firestore.Query, owner func(*firestore.DocumentSnapshot) string) {
		list = append(list, func(ctx context.Context) error { return h.readDocuments(ctx, q, owner) })
	}
	if h.has(schema.MigrateAccounts) {
		from, before := h.names(r)
		query(schema.InGroup(h.Firestore, schema.UserDocument.Collection(), from, before), ownerInPath)
		query(between(schema.Usernames(h.Firestore).Query, schema.FieldValue, r), schema.UIDOf)
		query(between(schema.Credentials(h.Firestore).Query, schema.FieldUID, r), schema.CredentialUID)
	}
	if h.has(schema.MigrateTimetables) {
		from, before := h.names(r)
		query(schema.InGroup(h.Firestore, schema.TimetableDocument.Collection(), from, before), ownerInPath)
		query(schema.InGroup(h.Firestore, schema.LectureDocument.Collection(), from, before), ownerInPath)
	}
	return list
}

// names returns the range of names of a range of users' documents, and everything below them.
func (c *comparer) names(r idRange) (from, before *firestore.DocumentRef) {
	end := func(uid string) *firestore.DocumentRef {
		if uid == "" {
			return nil
		}
		_, before, err := schema.NamesAt(c.Firestore, schema.Path(schema.Users(c.Firestore).Doc(uid)))
		if err != nil {
			return nil // the uid cannot be that of a document, so no document is at or after it
		}
		return before
	}
	return end(r.after), end(r.through)
}

// between queries the documents of a range of users, by a field that has the uid.
func between(q firestore.Query, field string, r idRange) firestore.Query {
	q = q.OrderBy(field, firestore.Asc)
	if r.after != "" {
		q = q.Where(field, ">", r.after)
	}
	if r.through != "" {
		q = q.Where(field, "<=", r.through)
	}
	return q
}

// ownerInPath returns the uid in the path of a document below a user.
func ownerInPath(doc *firestore.DocumentSnapshot) string { return uidIn(schema.Path(doc.Ref)) }

func (h *hashes) readDocuments(ctx context.Context, q firestore.Query, owner func(*firestore.DocumentSnapshot) string) error {
	docs := q.Documents(ctx)
	defer docs.Stop()
	n := 0
	defer func() { h.reads.add(max(1, n)) }()
	for {
		doc, err := docs.Next()
		if errors.Is(err, iterator.Done) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read documents of Firestore: %w", err)
		}
		n++
		sum := conversion.Hash(&conversion.Document{Ref: doc.Ref, Fields: doc.Data()})
		h.mu.Lock()
		fold(&h.of(owner(doc)).documents, sum)
		h.mu.Unlock()
	}
}

// of returns the pair of a user. The caller holds the lock.
func (h *hashes) of(uid string) *pair {
	p := h.users[uid]
	if p == nil {
		p = &pair{}
		h.users[uid] = p
	}
	return p
}

func fold(sum *conversion.Sum, other conversion.Sum) {
	for i := range sum {
		sum[i] ^= other[i]
	}
}

// readRows converts the rows of a range's users and adds their hashes.
func (h *hashes) readRows(ctx context.Context, r idRange) error {
	if len(r.users) == 0 {
		return nil
	}
	reader, err := h.Old.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer reader.Close()
	paths, err := pathsOf(ctx, h.comparer, legacydb.UserKind, r.users, func(u legacydb.User) string { return u.ID })
	if err != nil {
		return err
	}
	users := make([]legacydb.User, 0, len(r.users))
	for _, user := range r.users {
		if path, moved := paths[user.ID]; moved {
			h.newSide = append(h.newSide, uidIn(path))
		} else {
			users = append(users, user)
		}
	}
	return h.eachRow(ctx, reader, users, func(uid string, row converted) {
		h.mu.Lock()
		defer h.mu.Unlock()
		p := h.of(uid)
		p.hasRow = true
		if row.document == nil {
			h.leftOut = append(h.leftOut, leftOut(uid, row))
			return
		}
		h.documents++
		fold(&p.rows, conversion.Hash(row.document))
	})
}
