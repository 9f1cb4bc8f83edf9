package comparison

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

const (
	// inspectBatch is how many users are inspected in one snapshot of the old database.
	inspectBatch = 50
	// parallelUsers is how many users' documents are read at a time.
	parallelUsers = 16
)

// look is what a look at a user saw.
type look struct {
	uid       string
	hasRow    bool
	rows      map[string]converted // by path
	documents map[string]document  // by path
}

// document is a document of Firestore and when it last changed.
type document struct {
	*conversion.Document
	changed time.Time
}

// observation is what a look saw of a document that differs. If two looks have the same observation, neither
// side changed in between.
type observation struct {
	row     conversion.Sum
	changed time.Time
}

// inspectSample inspects the sampled users, as many as the budget allows.
func (c *comparer) inspectSample(ctx context.Context) error {
	began := time.Now()
	for batch := range slices.Chunk(c.sampled, inspectBatch) {
		if err := c.inspectAll(ctx, batch); err != nil {
			return err
		}
		c.count(len(batch), 0, 0, nil)
		if c.Budget > 0 && time.Since(began) > c.Budget {
			return nil
		}
		if len(c.pending) >= maxPending {
			if err := c.settle(ctx, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// inspectAll looks at users. Those with unexplained differences become pending.
//
// A look may find that an account of the new side has a username that an old user would have. Copy and follow then
// give the old user another one, so it looks again at those whose names change by that.
func (c *comparer) inspectAll(ctx context.Context, uids []string) error {
	for len(uids) > 0 {
		var again []string
		for batch := range slices.Chunk(uids, inspectBatch) {
			looks, err := c.look(ctx, batch)
			if err != nil {
				return err
			}
			for _, l := range looks {
				found, renamed, err := c.explain(ctx, l)
				if err != nil {
					return err
				}
				if again = append(again, renamed...); len(renamed) == 0 {
					c.judge(l, found)
				}
			}
		}
		slices.Sort(again)
		uids = slices.Compact(again)
	}
	return nil
}

// reserve makes no old user get a username, and returns the users whose names change. It returns none if the
// username was reserved already.
func (c *comparer) reserve(username string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reserved[username] {
		return nil
	}
	c.reserved[username] = true
	return c.convert.Names().Reserve(username)
}

// look reads the rows and documents of users.
func (c *comparer) look(ctx context.Context, uids []string) (looks []*look, err error) {
	byUID := map[string]*look{}
	for _, uid := range uids {
		l := &look{uid: uid, rows: map[string]converted{}, documents: map[string]document{}}
		looks, byUID[uid] = append(looks, l), l
	}
	if err := c.lookAtRows(ctx, uids, byUID); err != nil {
		return nil, err
	}
	errs := make([]error, len(looks))
	slots := make(chan struct{}, parallelUsers)
	var workers sync.WaitGroup
	for i, l := range looks {
		slots <- struct{}{}
		workers.Go(func() {
			defer func() { <-slots }()
			errs[i] = c.lookAtDocuments(ctx, l)
		})
	}
	workers.Wait()
	return looks, errors.Join(errs...)
}

func (c *comparer) lookAtRows(ctx context.Context, uids []string, byUID map[string]*look) error {
	r, err := c.Old.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer r.Close()
	users, err := legacydb.ByKey[legacydb.User](ctx, r, c.rowKeys(uids))
	if err != nil {
		return fmt.Errorf("read %d users: %w", len(uids), err)
	}
	for _, user := range users {
		c.convert.Names().Put(user)
	}
	return c.eachRow(ctx, r, users, func(uid string, row converted) {
		if l := byUID[uid]; l != nil {
			l.hasRow = true
			l.rows[row.path] = row
		}
	})
}

// rowKeys returns the keys of users' rows.
func (c *comparer) rowKeys(uids []string) []string {
	if !c.flowsBack {
		return uids
	}
	keys := make([]string, 0, len(uids))
	for _, uid := range uids {
		if ref := schema.UserRef(c.Firestore, uid); ref != nil {
			keys = append(keys, conversion.UserKey(schema.Path(ref)))
		}
	}
	return keys
}

// lookAtDocuments reads all documents of a user.
func (c *comparer) lookAtDocuments(ctx context.Context, l *look) error {
	user := schema.UserRef(c.Firestore, l.uid)
	if user == nil {
		return nil // no document can have this uid
	}
	var queries []firestore.Query
	if c.has(schema.MigrateAccounts) {
		docs, err := c.Firestore.GetAll(ctx, []*firestore.DocumentRef{user})
		if err != nil {
			return fmt.Errorf("read the user %s: %w", l.uid, err)
		}
		c.reads.add(1)
		l.add(docs...)
		queries = append(queries, schema.UsernamesOf(c.Firestore, l.uid), schema.CredentialsOf(c.Firestore, l.uid))
	}
	if c.has(schema.MigrateTimetables) {
		from, before, err := schema.NamesAt(c.Firestore, schema.Path(user))
		if err != nil {
			return err
		}
		queries = append(queries, schema.Timetables(user).Query,
			schema.InGroup(c.Firestore, schema.LectureDocument.Collection(), from, before))
	}
	for _, q := range queries {
		docs, err := q.Documents(ctx).GetAll()
		if err != nil {
			return fmt.Errorf("read the documents of user %s: %w", l.uid, err)
		}
		c.reads.query(docs)
		l.add(docs...)
	}
	return nil
}

func (l *look) add(docs ...*firestore.DocumentSnapshot) {
	for _, doc := range docs {
		if doc.Exists() {
			l.documents[schema.Path(doc.Ref)] = document{&conversion.Document{Ref: doc.Ref, Fields: doc.Data()}, doc.UpdateTime}
		}
	}
}

// converted counts the documents that rows became.
func (l *look) converted() (n int) {
	for _, row := range l.rows {
		if row.document != nil {
			n++
		}
	}
	return n
}

// paths lists the paths of both sides in order: a timetable before its lectures.
func (l *look) paths() []string {
	all := slices.Collect(maps.Keys(l.rows))
	for path := range l.documents {
		if _, ok := l.rows[path]; !ok {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return all
}

// observe returns what the look saw at a path.
func (l *look) observe(path string) observation {
	var o observation
	if row := l.rows[path]; row.document != nil {
		o.row = conversion.Hash(row.document)
	}
	o.changed = l.documents[path].changed
	return o
}
