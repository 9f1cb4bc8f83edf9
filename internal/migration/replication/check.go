package replication

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// explainOpen makes a problem of an error that says that the old database does not fit the mapping.
func explainOpen(err error) error {
	if !errors.Is(err, legacydb.ErrMapping) {
		return err
	}
	return &Problem{
		What:   "the old database does not fit migrate.yaml",
		Remedy: "undo the change of its schema, or change migrate.yaml and " + copyAgain,
		err:    err,
	}
}

// check returns a problem if changes after the position may be missing.
func (s *session) check(ctx context.Context, conn *walstream.Conn) error {
	if err := s.checkCopy(ctx, conn); err != nil {
		return err
	}
	if err := s.checkSlot(ctx, conn); err != nil {
		return err
	}
	return s.checkRequirements(ctx)
}

// checkRequirements returns a problem if PostgreSQL no longer records all changes.
func (s *session) checkRequirements(ctx context.Context) error {
	missing, err := walstream.Missing(ctx, s.db.Pool, s.cfg.Mapping, s.cfg.Publication)
	if err != nil || len(missing) == 0 {
		return err
	}
	var statements []string
	for _, m := range missing {
		statements = append(statements, m.SQL)
	}
	return problem("changes were lost; repair it ("+strings.Join(statements, "; ")+") and "+copyAgain, "%s", missing[0].What)
}

// checkCopy returns a problem unless there is a finished copy of this very cluster.
func (s *session) checkCopy(ctx context.Context, conn *walstream.Conn) (err error) {
	var progress schema.MigrationCopy
	if _, err := schema.Read(ctx, schema.MigrationCopyRef(s.cfg.Firestore), &progress); err != nil {
		return err
	}
	switch {
	case progress.StartedAt.IsZero():
		return problem("run heektime migrate copy first", "nothing was copied yet")
	case progress.FinishedAt.IsZero():
		return problem("run heektime migrate copy again: it continues", "the copy has not finished")
	case s.position.LSN == "" || s.position.Slot != s.cfg.Slot:
		return problem(copyAgain, "the copy was made for replication slot %q, not %q", s.position.Slot, s.cfg.Slot)
	case conn.System != s.position.System:
		return problem("connect to the cluster that was copied, or "+copyAgain,
			"this is PostgreSQL cluster %s, the copy is of cluster %s", conn.System, s.position.System)
	}
	if s.written, err = walstream.ParseLSN(s.position.LSN); err != nil {
		return &Problem{What: "migrations/position is damaged", Remedy: copyAgain, err: err}
	}
	s.applied = s.written
	s.confirm.Store(uint64(s.written))
	s.columns = map[string]string{}
	for _, line := range progress.Columns {
		if table, rest, ok := strings.Cut(line, " "); ok {
			column, typ, _ := strings.Cut(rest, " ")
			s.columns[table+" "+column] = typ
		}
	}
	return nil
}

// checkSlot returns a problem unless the slot has every change after the position, and the cluster
// everything up to it.
func (s *session) checkSlot(ctx context.Context, conn *walstream.Conn) error {
	slot, err := walstream.FindSlot(ctx, s.db.Pool, s.cfg.Slot)
	switch {
	case err != nil:
		return err
	case slot == nil:
		return problem(copyAgain, "replication slot %s is gone, and with it the changes after %s; "+
			"before version 17 a promoted standby never has it", s.cfg.Slot, s.position.LSN)
	case slot.Lost:
		return problem("raise max_slot_wal_keep_size and "+copyAgain,
			"replication slot %s was too far behind, so PostgreSQL has removed changes after %s", s.cfg.Slot, s.position.LSN)
	case slot.Confirmed > s.written:
		return problem(copyAgain, "replication slot %s begins at %v, so the changes since %s are lost; somebody else has used it",
			s.cfg.Slot, slot.Confirmed, s.position.LSN)
	}
	end, promoted, err := conn.EndOfTimeline(ctx, int32(s.position.Timeline))
	switch {
	case err != nil:
		return err
	case promoted && end < s.written:
		return problem(copyAgain, "a standby was promoted that had changes up to %v only, and Firestore has those up to %s", end, s.position.LSN)
	case conn.End < s.written:
		return problem(copyAgain, "PostgreSQL has changes up to %v only, and Firestore has those up to %s; was a backup restored?", conn.End, s.position.LSN)
	}
	s.position.Timeline = int64(conn.Timeline)
	return nil
}

// families are types that a conversion reads in the same way.
var families = [][]string{
	{"smallint", "integer", "bigint", "real", "double precision", "numeric"},
	{"text", "character varying", "character", "uuid"},
	{"timestamp without time zone", "timestamp with time zone"},
	{"json", "jsonb"},
}

// checkRelation returns a problem if a column's type has changed since the copy so that its values may
// mean something else. That a column was added or dropped does not matter unless a SELECT needs it,
// which then fails.
func (s *session) checkRelation(ctx context.Context, r *walstream.Relation) error {
	if s.relations[r] {
		return nil
	}
	if err := s.checkIdentity(r); err != nil {
		return err
	}
	types, err := walstream.TypeNames(ctx, s.db.Pool, r)
	if err != nil {
		return err
	}
	for i, c := range r.Columns {
		before, ok := s.columns[r.Name+" "+c.Name]
		if ok && !sameFamily(before, types[i]) {
			return problem("check what the SELECTs of migrate.yaml make of it, and "+copyAgain,
				"column %s of table %s was a %s and is a %s now", c.Name, r.Name, before, types[i])
		}
	}
	s.relations[r] = true
	return nil
}

// checkIdentity returns a problem if a change of the table need not say which rows it affected before.
func (s *session) checkIdentity(r *walstream.Relation) error {
	for kind, rows := range s.db.Mapping.Rows {
		of, ok := rows.Tables[r.Name]
		if !ok {
			continue
		}
		needed := append([]string{of.Key, of.Parent}, of.Children...)
		for _, c := range r.Columns {
			if slices.Contains(needed, c.Name) && !c.Identity {
				return problem("ALTER TABLE "+r.Name+" REPLICA IDENTITY FULL, then "+copyAgain,
					"the replica identity of table %s lacks %s, so a change need not say which row of kind %s it affects", r.Name, c.Name, kind)
			}
		}
	}
	return nil
}

func sameFamily(a, b string) bool {
	return a == b || slices.ContainsFunc(families, func(family []string) bool {
		return slices.Contains(family, a) && slices.Contains(family, b)
	})
}

// describeLate names the late changes of kinds that have moved, for the log.
func describeLate(counts map[string]int) string {
	var parts []string
	for kind, n := range counts {
		parts = append(parts, fmt.Sprintf("%d of kind %s", n, kind))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
