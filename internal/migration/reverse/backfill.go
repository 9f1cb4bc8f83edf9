package reverse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// A backfill brings the documents of a kind to the old database that the stream does not report, because they
// were written before the kind first moved: new apps have written to Firestore all the time. It reads all
// documents once, beside the stream, and applies a page at a time between two points. Until it is complete, a
// document below one that has not been brought back yet brings that with it, see [runner.expand].
//
// A page is read as of the last point that was applied. Points that are applied before it are newer, so its documents
// that they had are left out. Later points bring the others up to date.

// backfillPage is how many documents a page has. The stream waits for it.
const backfillPage = 100

// page is some documents, and where the next page begins.
type page struct {
	kind   Kind
	docs   []*firestore.DocumentSnapshot
	names  map[string]string // of accounts of the new side, by uid
	cursor *string           // nil at the end
	err    error
}

// backfill reads one page at a time.
type backfill struct {
	*runner
	// left has where the next page begins, by the kinds that are not complete. It is that of the session's
	// start, and what was applied since.
	left map[Kind]string
	// pages is not nil while a page is read, and touched has the paths that points have applied meanwhile.
	pages   chan page
	touched map[string]bool
}

// next begins to read the next page, if none is being read, there is one, and a point was applied.
func (b *backfill) next(ctx context.Context) {
	if b.pages != nil || b.at.IsZero() {
		return
	}
	at := b.at
	for _, kind := range state.Kinds() { // users before what is below them
		cursor, ok := b.left[kind]
		if !ok || !b.wasNew[kind] {
			continue
		}
		pages := make(chan page, 1)
		b.pages, b.touched = pages, map[string]bool{}
		go func() { pages <- b.read(ctx, kind, cursor, at) }()
		return
	}
}

// read reads the page after a cursor, which is the path of the last document, or of the collection that comes
// next, as it was at a time.
func (b *backfill) read(ctx context.Context, kind Kind, cursor string, at time.Time) page {
	collections := backfilled(kind)
	first := 0
	var after *firestore.DocumentRef
	if d := schema.DocumentAt(cursor); d != nil {
		first = slices.IndexFunc(collections, func(c schema.Document) bool { return c.Path == d.Path })
		after = b.cfg.Client.Doc(cursor)
	} else if cursor != "" {
		first = slices.IndexFunc(collections, func(c schema.Document) bool { return c.Collection() == cursor })
	}
	if first < 0 {
		return page{kind: kind}
	}
	query := b.cfg.Client.CollectionGroup(collections[first].Collection()).OrderBy(firestore.DocumentID, firestore.Asc).Limit(backfillPage)
	if after != nil {
		query = query.Where(firestore.DocumentID, ">", after)
	}
	docs, err := asOf(query, at).Documents(ctx).GetAll()
	p := page{kind: kind, docs: docs}
	if err == nil {
		p.names, err = b.namesOf(ctx, docs)
	}
	switch {
	case err != nil:
		// Without the status: after an hour without a point it is one that says that somebody has to mend something, and a
		// new session mends it.
		p.err = fmt.Errorf("read the documents of %s from before the switch: %v", collections[first].Collection(), err)
	case len(docs) == backfillPage:
		last := schema.Path(docs[len(docs)-1].Ref)
		p.cursor = &last
	case first+1 < len(collections):
		next := collections[first+1].Collection()
		p.cursor = &next
	}
	return p
}

// namesOf reads the names of users from the new side, one by one, so that the stream does not wait for that.
func (b *backfill) namesOf(ctx context.Context, docs []*firestore.DocumentSnapshot) (map[string]string, error) {
	names := map[string]string{}
	for _, doc := range docs {
		if uid := doc.Ref.ID; b.cfg.Accounts != nil && doc.Ref.Parent.ID == schema.UserDocument.Collection() && !documentwriter.IsOldUID(uid) {
			name, err := b.cfg.Accounts.DisplayName(ctx, uid)
			if err != nil {
				return nil, err
			}
			names[uid] = name
		}
	}
	return names, nil
}

// backfilled returns the documents of a kind that become rows.
func backfilled(kind Kind) []schema.Document {
	return slices.DeleteFunc(documentsOf(kind), func(d schema.Document) bool {
		return d.Path == schema.CredentialDocument.Path || d.Path == schema.DeletionDocument.Path
	})
}

// touch notes the documents of a point that was applied.
func (b *backfill) touch(set *changeSet) {
	if b.pages == nil {
		return
	}
	for _, group := range []map[string]*change{set.users, set.timetables, set.lectures} {
		for path := range maps.Keys(group) {
			b.touched[path] = true
		}
	}
}

// apply applies a page that was read.
func (b *backfill) apply(ctx context.Context, p page) error {
	b.pages = nil
	if p.err != nil {
		return p.err
	}
	set := newChangeSet(b.at)
	set.complete, set.names = true, p.names
	for _, doc := range p.docs {
		if path := schema.Path(doc.Ref); !b.touched[path] {
			set.put(path, documentOf(doc))
		}
	}
	err := b.runner.apply(ctx, set, func(ctx context.Context, t *transaction) error { return t.storeBackfill(ctx, p.kind, p.cursor) })
	if err != nil {
		return err
	}
	if p.cursor != nil {
		b.left[p.kind] = *p.cursor
	} else {
		delete(b.left, p.kind)
		b.cfg.Log.InfoContext(ctx, "all documents from before the switch are in the old database", "kind", p.kind)
	}
	b.next(ctx)
	return nil
}

// storeBackfill stores where the next page begins, nil at the end.
func (t *transaction) storeBackfill(ctx context.Context, kind Kind, cursor *string) error {
	return t.write(ctx, "UPDATE heektime_migration.reverse_position SET backfill = $1 WHERE kind = $2", cursor, string(kind))
}

// Complete returns the kinds of which the old database has had every document that has a place there: those that
// were written before the first switch, too.
func Complete(ctx context.Context, db Executor) (map[Kind]bool, error) {
	rows, err := db.Query(ctx, "SELECT kind FROM heektime_migration.reverse_position WHERE backfill IS NULL")
	if err != nil {
		return nil, fmt.Errorf("read which kinds flow back: %w", err)
	}
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	complete := map[Kind]bool{}
	for _, kind := range kinds {
		complete[Kind(kind)] = true
	}
	return complete, err
}

// addAbove adds the documents above those of a set whose rows are missing, while a backfill has not brought all of
// them back. It reports whether it has added any.
func (r *runner) addAbove(ctx context.Context, set *changeSet, rows *rowSet) (added bool, err error) {
	if r.backfill == nil || len(r.backfill.left) == 0 || set.complete {
		return false, nil
	}
	var refs []*firestore.DocumentRef
	for _, group := range []map[string]*change{set.timetables, set.lectures} {
		for _, c := range sorted(group) {
			path := c.parent()
			above := set.timetables[path]
			if above == nil {
				above = set.users[path]
			}
			if c.doc != nil && above == nil && !rows.has(path) && !set.above[path] {
				set.above[path] = true
				refs = append(refs, r.cfg.Client.Doc(path))
			}
		}
	}
	if len(refs) == 0 {
		return false, nil
	}
	docs, err := r.cfg.Client.GetAll(ctx, refs)
	if err != nil {
		return false, fmt.Errorf("read documents above others: %w", err)
	}
	for _, doc := range docs {
		if doc.Exists() {
			set.put(schema.Path(doc.Ref), documentOf(doc))
			added = true
		}
	}
	return added, nil
}
