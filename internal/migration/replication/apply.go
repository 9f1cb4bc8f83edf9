package replication

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
)

// stateKinds says with which kind of data the rows of a kind move.
var stateKinds = map[legacydb.Kind]state.Kind{
	legacydb.SchoolKind: state.Schools, legacydb.SemesterKind: state.Schools, legacydb.UserKind: state.Accounts,
	legacydb.TimetableKind: state.Timetables, legacydb.LectureKind: state.Timetables,
}

// apply writes the documents of a batch.
func (s *session) apply(ctx context.Context, b *batch) error {
	if b.size == 0 && len(b.truncated) == 0 {
		return nil
	}
	if err := s.awaitVisible(ctx, b.transactions); err != nil {
		return err
	}
	if err := s.skipMoved(ctx, b); err != nil {
		return err
	}
	r, err := s.db.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer r.Close()
	if err := s.applySchools(ctx, r, b); err != nil {
		return err
	}
	if err := s.applyUsers(ctx, r, b); err != nil {
		return err
	}
	w := newDocuments(s.converter)
	if err := w.timetables(ctx, r, b); err != nil {
		return err
	}
	if err := w.lectures(ctx, r, b); err != nil {
		return err
	}
	writes, err := w.writes(ctx)
	if err != nil {
		return err
	}
	return s.commit(ctx, writes)
}

// commit writes documents of users, timetables and lectures.
func (s *session) commit(ctx context.Context, writes []documentwriter.Write) (err error) {
	if s.cfg.Adjust != nil {
		if writes, err = s.cfg.Adjust(ctx, writes); err != nil {
			return err
		}
	}
	return s.writer.Commit(ctx, writes)
}

// logHidden is logged when transactions are not visible within a few milliseconds.
const logHidden = "waiting until other sessions see what has been received"

// awaitVisible waits until a reader sees the transactions: PostgreSQL streams a transaction before it
// has ended for other sessions.
func (s *session) awaitVisible(ctx context.Context, transactions []uint32) error {
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		if wait == 8*time.Millisecond {
			s.cfg.Log.Debug(logHidden, "transactions", len(transactions))
		}
		snapshot, err := walstream.CurrentSnapshot(ctx, s.db.Pool)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(transactions, func(xid uint32) bool { return !snapshot.Contains(xid) }) {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// skipMoved removes the rows of kinds that have moved to Firestore. The state is read after the changes
// arrived. If a kind has moved back meanwhile, changes from after that are therefore applied; if it is
// about to move, the switch waits until this batch has been applied.
func (s *session) skipMoved(ctx context.Context, b *batch) error {
	view, err := s.states.Read(ctx)
	if err != nil {
		return err
	}
	s.accounts.KeepLater(view.Of(state.Accounts).WasNew)
	late := map[string]int{}
	for kind, of := range stateKinds {
		if view.Of(of).Origin() == state.Old {
			for _, table := range b.truncated {
				if _, ok := s.db.Mapping.Rows[kind].Tables[table]; ok {
					return problem(copyAgain, "table %s was truncated, which does not say which rows it removed", table)
				}
			}
			continue
		}
		if n := len(b.rows[kind]); n > 0 {
			late[string(kind)] = n
			delete(b.rows, kind)
		}
	}
	if len(late) > 0 {
		s.cfg.Log.Warn("ignored late changes of the old database: these kinds have moved to Firestore", "changes", describeLate(late))
	}
	return nil
}

// applySchools creates the documents of schools and semesters that do not exist, and rereads what
// conversions need to know of them.
func (s *session) applySchools(ctx context.Context, r *legacydb.Reader, b *batch) error {
	schoolKeys, semesterKeys := b.keys(legacydb.SchoolKind), b.keys(legacydb.SemesterKind)
	if len(schoolKeys)+len(semesterKeys) == 0 {
		return nil
	}
	if err := s.loadConverter(ctx, r, s.converter.Names()); err != nil {
		return err
	}
	schools, err := legacydb.ByKey[legacydb.School](ctx, r, schoolKeys)
	if err != nil {
		return err
	}
	semesters, err := legacydb.ByKey[legacydb.Semester](ctx, r, semesterKeys)
	if err != nil {
		return err
	}
	w := newDocuments(s.converter)
	for _, row := range schools {
		doc, _ := s.converter.School(row)
		w.set(doc)
	}
	for _, row := range semesters {
		doc, _ := s.converter.Semester(row)
		w.set(doc)
	}
	writes, err := w.writes(ctx)
	if err != nil {
		return err
	}
	return s.writer.Commit(ctx, writes)
}

// applyUsers writes users, and deletes what is below those who are gone. It adds the timetables to read
// again to the batch.
func (s *session) applyUsers(ctx context.Context, r *legacydb.Reader, b *batch) error {
	keys := b.keys(legacydb.UserKind)
	if len(keys) == 0 {
		return nil
	}
	early := slices.ContainsFunc(keys, func(key string) bool { return b.rows[legacydb.UserKind][key].early })
	if early && !s.reconciled {
		// The names before the change are not known, nor who got one of them.
		if err := s.accounts.Reconcile(ctx, r); err != nil {
			return err
		}
		s.reconciled = true
	}
	changedAt, unsure := map[string]time.Time{}, map[string]bool{}
	for _, key := range keys {
		row := b.rows[legacydb.UserKind][key]
		changedAt[key], unsure[key] = row.changedAt, row.early
	}
	if err := s.accounts.WriteChanged(ctx, r, changedAt, unsure); err != nil {
		return err
	}
	if err := s.deleteBelowGone(ctx, r, keys); err != nil {
		return err
	}
	timetables, err := legacydb.ByParent[legacydb.Timetable](ctx, r, b.withChildren(legacydb.UserKind))
	if err != nil {
		return fmt.Errorf("read timetables: %w", err)
	}
	for _, row := range timetables {
		b.add(legacydb.Affected{Kind: legacydb.TimetableKind, Key: row.ID, Children: true}, false, time.Time{})
	}
	return nil
}

func (s *session) deleteBelowGone(ctx context.Context, r *legacydb.Reader, keys []string) error {
	rows, err := legacydb.ByKey[legacydb.User](ctx, r, keys)
	if err != nil {
		return fmt.Errorf("read users: %w", err)
	}
	exists := map[string]bool{}
	for _, row := range rows {
		exists[row.ID] = true
	}
	uids, err := s.accounts.UIDs(ctx, keys)
	if err != nil {
		return err
	}
	for _, key := range keys {
		ref := s.converter.UserRef(cmp.Or(uids[key], key))
		if exists[key] || ref == nil {
			continue
		}
		below, err := documentwriter.Descendants(ctx, ref)
		if err != nil {
			return err
		}
		if err := s.commit(ctx, below); err != nil {
			return err
		}
	}
	return nil
}
