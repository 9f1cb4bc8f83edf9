package reverse

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// apply applies a set in one transaction, in which also runs at the end.
func (r *runner) apply(ctx context.Context, set *changeSet, also func(context.Context, *transaction) error) error {
	for {
		if err := r.expand(ctx, set); err != nil {
			return err
		}
		err := r.transact(ctx, set, func(ctx context.Context, t *transaction) error {
			if err := t.run(ctx); err != nil {
				return err
			}
			return also(ctx, t)
		})
		if !errors.Is(err, errUnchecked) {
			return err
		}
	}
}

// transact runs do in a transaction. It starts over after conflicts with the old server, and with a savepoint
// for each row after PostgreSQL has rejected one.
//
// The transaction is repeatable read: if the old server changes a row between the look at it and its
// replacement, PostgreSQL reports a conflict.
func (r *runner) transact(ctx context.Context, set *changeSet, do func(context.Context, *transaction) error) error {
	careful := false
	for {
		err := pgx.BeginTxFunc(ctx, r.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
			if err := r.noticeOpenTables(ctx, tx); err != nil {
				return err
			}
			t := &transaction{runner: r, tx: tx, set: set, careful: careful}
			if err := do(ctx, t); err != nil {
				return err
			}
			return t.flush(ctx)
		})
		switch {
		case isConflict(err):
		case isDataError(err) && !careful:
			careful = true
		case err == nil:
			clear(r.unsettled)
			return nil
		default:
			return err
		}
	}
}

// expand reads what a set lacks: the state of documents whose rows the old server may have deleted, and
// the documents below those that (re)appear in the old database, since they did not change.
func (r *runner) expand(ctx context.Context, set *changeSet) error {
	missing, err := r.missing(ctx, set)
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := r.recheck(ctx, set, missing); err != nil {
		return err
	}
	if set.complete {
		return nil
	}
	for _, c := range missing {
		var err error
		switch {
		case set.users[c.path] != nil && set.users[c.path].doc != nil:
			err = r.addTimetables(ctx, set, set.users[c.path].doc.Ref)
		case set.timetables[c.path] != nil && set.timetables[c.path].doc != nil:
			err = r.addAll(ctx, set, schema.Lectures(set.timetables[c.path].doc.Ref).Query)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missing returns the documents of a set that exist and have no row. It adds those above them that a backfill has
// not brought back yet.
func (r *runner) missing(ctx context.Context, set *changeSet) (missing []*change, err error) {
	reader, err := r.cfg.DB.Reader(ctx, "")
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var rows *rowSet
	for added := true; added; {
		if rows, err = loadRows(ctx, r.cfg.DB.Pool, reader, set); err != nil {
			return nil, err
		}
		if added, err = r.addAbove(ctx, set, rows); err != nil {
			return nil, err
		}
	}
	for _, group := range []map[string]*change{set.users, set.timetables, set.lectures} {
		for _, c := range sorted(group) {
			if c.doc != nil && !rows.has(c.path) {
				missing = append(missing, c)
			}
		}
	}
	return missing, nil
}

// recheck reads documents without a row again, if the old server also writes their kind, after the deletions
// of rows that it had committed by then were applied to Firestore.
func (r *runner) recheck(ctx context.Context, set *changeSet, missing []*change) error {
	var refs []*firestore.DocumentRef
	for _, c := range missing {
		kind := state.Timetables
		if set.users[c.path] != nil {
			kind = state.Accounts
		}
		if r.phases[kind] != state.PhaseNew && !set.checked[c.path] {
			refs = append(refs, c.doc.Ref)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	if r.cfg.Drain != nil {
		if err := r.cfg.Drain(ctx); err != nil {
			return fmt.Errorf("wait until changes of the old database are applied: %w", err)
		}
	}
	docs, err := r.cfg.Client.GetAll(ctx, refs)
	if err != nil {
		return fmt.Errorf("read documents again: %w", err)
	}
	for _, doc := range docs {
		path := schema.Path(doc.Ref)
		set.put(path, documentOf(doc))
		set.checked[path] = true
	}
	return nil
}

// addTimetables adds the timetables and lectures of a user.
func (r *runner) addTimetables(ctx context.Context, set *changeSet, user *firestore.DocumentRef) error {
	if _, active := r.active[state.Timetables]; !active {
		return nil
	}
	docs, err := asOf(schema.Timetables(user).Query, set.at).Documents(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("read the timetables of %s: %w", user.ID, err)
	}
	for _, doc := range docs {
		set.putIfAbsent(doc)
		if err := r.addAll(ctx, set, schema.Lectures(doc.Ref).Query); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) addAll(ctx context.Context, set *changeSet, query firestore.Query) error {
	docs, err := asOf(query, set.at).Documents(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("read documents below one that appeared: %w", err)
	}
	for _, doc := range docs {
		set.putIfAbsent(doc)
	}
	return nil
}

// asOf returns a query that reads documents as they were at a time of the last hour.
func asOf(query firestore.Query, at time.Time) firestore.Query {
	return *query.WithReadOptions(firestore.ReadTime(at))
}

// isConflict reports whether a transaction conflicted with another one and can be repeated.
func isConflict(err error) bool { return hasCode(err, "40001", "40P01") }

func isUniqueViolation(err error) bool { return hasCode(err, "23505") }

// isDataError reports whether PostgreSQL rejected a row: a value that does not fit, or a constraint.
func isDataError(err error) bool { return hasCode(err, "22", "23") }

func hasCode(err error, prefixes ...string) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	for _, p := range prefixes {
		if strings.HasPrefix(e.Code, p) {
			return true
		}
	}
	return false
}
