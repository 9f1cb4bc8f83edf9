package reverse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// reconcilePage is how many documents or rows are compared at a time.
const reconcilePage = 500

// reconcile makes the old database equal to Firestore after changes of some kinds were lost, for instance
// because the stream was interrupted for longer than Firestore remembers. It reads every document once, and
// those again whose rows seem to have none. Then the stream starts at the time from before.
func (r *runner) reconcile(ctx context.Context, kinds []Kind) error {
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	r.cfg.Log.WarnContext(ctx, "Firestore no longer knows what changed; reading all documents", "kinds", kinds)
	now, err := schema.MigrationPositionRef(r.cfg.Client).Get(ctx)
	if now == nil {
		return fmt.Errorf("read Firestore's time: %w", err)
	}
	if err := r.forgetSeen(ctx); err != nil {
		return err
	}
	for _, kind := range kinds {
		for _, d := range documentsOf(kind) {
			if err := r.reconcileDocuments(ctx, d, now.ReadTime); err != nil {
				return err
			}
		}
	}
	for _, kind := range kinds {
		for _, d := range slices.Backward(documentsOf(kind)) {
			if err := r.removeGone(ctx, d, now.ReadTime); err != nil {
				return err
			}
		}
		if _, err := r.conn.Exec(ctx, "UPDATE heektime_migration.reverse_position SET token = NULL, read_time = $1, backfill = NULL WHERE kind = $2",
			now.ReadTime, string(kind)); err != nil {
			return err
		}
	}
	return errRestart
}

// compareAll makes the rows of one sort of documents equal to what they were at a time.
func (r *runner) compareAll(ctx context.Context, d schema.Document, at time.Time) error {
	if err := r.forgetSeen(ctx); err != nil {
		return err
	}
	if err := r.reconcileDocuments(ctx, d, at); err != nil {
		return err
	}
	return r.removeGone(ctx, d, at)
}

// forgetSeen empties the table of the rows whose documents were seen.
func (r *runner) forgetSeen(ctx context.Context) error {
	_, err := r.conn.Exec(ctx, "CREATE TEMPORARY TABLE IF NOT EXISTS seen (kind text, key text, PRIMARY KEY (kind, key)); TRUNCATE seen")
	return err
}

// removeGone applies that documents are gone whose rows were not seen, or of which something is kept aside.
func (r *runner) removeGone(ctx context.Context, d schema.Document, at time.Time) error {
	aside := fmt.Sprintf("SELECT path FROM heektime_migration.aside WHERE array_length(string_to_array(path, '/'), 1) = %d", strings.Count(d.Path, "/")+1)
	if err := r.reconcileRefs(ctx, aside, r.cfg.Client.Doc); err != nil {
		return err
	}
	switch d.Path {
	case schema.UserDocument.Path:
		return gone[legacydb.User](ctx, r, at)
	case schema.TimetableDocument.Path:
		return gone[legacydb.Timetable](ctx, r, at)
	case schema.LectureDocument.Path:
		return gone[legacydb.Lecture](ctx, r, at)
	case schema.CredentialDocument.Path:
		return r.reconcileCredentials(ctx)
	case schema.DeletionDocument.Path:
		return r.reconcileDeletions(ctx)
	}
	return nil
}

// reconcileDocuments applies all documents of one sort, as they were at a time, and remembers their keys as seen.
func (r *runner) reconcileDocuments(ctx context.Context, d schema.Document, at time.Time) error {
	if d.Path == schema.CredentialDocument.Path || d.Path == schema.DeletionDocument.Path {
		return nil
	}
	query := r.cfg.Client.CollectionGroup(d.Collection()).OrderBy(firestore.DocumentID, firestore.Asc).Limit(reconcilePage)
	page := query
	for {
		docs, err := asOf(page, at).Documents(ctx).GetAll()
		if err != nil {
			return fmt.Errorf("read all documents of %s: %w", d.Collection(), err)
		}
		if len(docs) == 0 {
			return nil
		}
		set := newChangeSet(at)
		set.complete = true
		for _, doc := range docs {
			set.put(schema.Path(doc.Ref), documentOf(doc))
		}
		err = r.apply(ctx, set, func(ctx context.Context, t *transaction) error {
			for _, group := range []map[string]*change{set.users, set.timetables, set.lectures} {
				for path, c := range group {
					if c.doc != nil {
						kind, _ := keyOf(path)
						key := t.keyAfter(path)
						if err := t.write(ctx, "INSERT INTO seen VALUES ($1, $2) ON CONFLICT DO NOTHING", string(kind), key); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		page = query.StartAfter(docs[len(docs)-1])
	}
}

// gone removes the rows whose documents are gone. Rows that never had a document stay.
func gone[T legacydb.Row](ctx context.Context, r *runner, at time.Time) error {
	reader, err := r.cfg.DB.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer reader.Close()
	var paths map[string]string
	flush := func() error {
		err := r.removeUnseen(ctx, legacydb.KindOf[T](), paths, at)
		paths = nil
		return err
	}
	for row, err := range legacydb.Rows[T](ctx, reader, "") {
		if err != nil {
			return err
		}
		if paths == nil {
			paths = map[string]string{}
		}
		if key, path := r.documentPath(row); path != "" {
			paths[key] = path
		}
		if len(paths) == reconcilePage {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// documentPath returns a row's key and the path of its document by its key alone, "" if it has none.
func (r *runner) documentPath(row any) (key, path string) {
	var doc *conversion.Document
	switch row := row.(type) {
	case legacydb.User:
		key = row.ID
		r.cfg.Converter.Names().Put(row)
		if documents, _ := r.cfg.Converter.User(row); documents != nil {
			doc = documents.User
		}
	case legacydb.Timetable:
		key = row.ID
		doc, _ = r.cfg.Converter.Timetable(row)
	case legacydb.Lecture:
		key = row.ID
		doc, _ = r.cfg.Converter.Lecture(row)
	}
	if doc == nil {
		return key, ""
	}
	return key, doc.Path()
}

// removeUnseen removes those of the rows that were not seen and whose documents do not exist.
func (r *runner) removeUnseen(ctx context.Context, kind legacydb.Kind, paths map[string]string, at time.Time) error {
	var all []string
	for key := range paths {
		all = append(all, key)
	}
	rows, err := r.conn.Query(ctx, "SELECT k FROM unnest($1::text[]) AS k WHERE NOT EXISTS (SELECT FROM seen WHERE kind = $2 AND key = k)", all, string(kind))
	if err != nil {
		return err
	}
	unseen, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(unseen) == 0 {
		return err
	}
	real, err := Paths(ctx, r.conn, string(kind), unseen)
	if err != nil {
		return err
	}
	owner := state.Timetables
	if kind == legacydb.UserKind {
		owner = state.Accounts
	}
	if r.phases[owner] != state.PhaseNew && r.cfg.Drain != nil {
		// The row may be new, and its document on the way.
		if err := r.cfg.Drain(ctx); err != nil {
			return fmt.Errorf("wait until changes of the old database are applied: %w", err)
		}
	}
	var refs []*firestore.DocumentRef
	for _, key := range unseen {
		path := paths[key]
		if real[key] != "" {
			path = real[key]
		}
		refs = append(refs, r.cfg.Client.Doc(path))
	}
	docs, err := r.cfg.Client.GetAll(ctx, refs)
	if err != nil {
		return fmt.Errorf("read documents again: %w", err)
	}
	set := newChangeSet(at)
	for _, doc := range docs {
		set.put(schema.Path(doc.Ref), documentOf(doc))
		set.checked[schema.Path(doc.Ref)] = true
	}
	return r.apply(ctx, set, func(context.Context, *transaction) error { return nil })
}

// reconcileCredentials makes the hashes unusable whose credentials are gone.
func (r *runner) reconcileCredentials(ctx context.Context) error {
	return r.reconcileRefs(ctx, "SELECT DISTINCT credential FROM heektime_migration.passwords", func(id string) *firestore.DocumentRef {
		return schema.CredentialRef(r.cfg.Client, id)
	})
}

// reconcileDeletions forgets the parked rows of accounts whose deletion is complete.
func (r *runner) reconcileDeletions(ctx context.Context) error {
	return r.reconcileRefs(ctx, "SELECT path FROM heektime_migration.parked", func(path string) *firestore.DocumentRef {
		return schema.DeletionRef(r.cfg.Client, r.cfg.Client.Doc(path).ID)
	})
}

// reconcileRefs applies the absence of documents that rows of a query name.
func (r *runner) reconcileRefs(ctx context.Context, sql string, ref func(string) *firestore.DocumentRef) error {
	rows, err := r.conn.Query(ctx, sql)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(names, reconcilePage) {
		var refs []*firestore.DocumentRef
		for _, name := range chunk {
			if d := ref(name); d != nil {
				refs = append(refs, d)
			}
		}
		docs, err := r.cfg.Client.GetAll(ctx, refs)
		if err != nil {
			return fmt.Errorf("read documents: %w", err)
		}
		set := newChangeSet(time.Time{}) // nothing is read for what is gone
		for _, doc := range docs {
			if !doc.Exists() {
				set.put(schema.Path(doc.Ref), nil)
			}
		}
		if err := r.apply(ctx, set, func(context.Context, *transaction) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}
