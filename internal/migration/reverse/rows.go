package reverse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
)

// unusableHash is a password hash that no password matches. It is not NULL, because servers do not expect
// that.
const unusableHash = "!"

// errUnchecked means that a document has no row although it had one when the transaction was prepared.
var errUnchecked = errors.New("a row has disappeared")

// sorted iterates over a group in the order of the paths, so that transactions lock rows in one order.
func sorted(group map[string]*change) []*change {
	list := make([]*change, 0, len(group))
	for _, path := range slices.Sorted(maps.Keys(group)) {
		list = append(list, group[path])
	}
	return list
}

// run applies the set: first what is gone, from the bottom to the top, then the rest, from the top to the
// bottom, so that foreign keys hold.
func (t *transaction) run(ctx context.Context) error {
	tx, reader, err := t.read(ctx)
	if err != nil {
		return err
	}
	if t.rowSet, err = loadRows(ctx, tx, reader, t.set); err != nil {
		return err
	}
	for _, step := range []struct {
		group map[string]*change
		gone  bool
		apply func(context.Context, *change) error
	}{
		{t.set.lectures, true, t.removeLecture}, {t.set.timetables, true, t.removeTimetable}, {t.set.users, true, t.removeUser},
		{t.set.users, false, t.saveUser}, {t.set.timetables, false, t.saveTimetable}, {t.set.lectures, false, t.saveLecture},
		{t.set.credentials, true, t.credentialGone}, {t.set.deletions, true, t.deletionGone},
	} {
		for _, c := range sorted(step.group) {
			if (c.doc == nil) != step.gone {
				continue
			}
			err := step.apply(ctx, c)
			if err == nil && t.careful {
				err = t.flush(ctx)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", c.path, err)
			}
		}
	}
	return t.settleNames(ctx)
}

// olderThanRow reports whether the row has what the document says, or something newer. Then the document
// stays as it is: the other direction brings the row to it. converted is what the row converts to, nil if
// nothing.
func (t *transaction) olderThanRow(kind Kind, doc, converted *conversion.Document) bool {
	return t.phases[kind] != state.PhaseNew && converted != nil && !updatedAt(doc).After(updatedAt(converted))
}

// mayInsert returns an error if a document without a row may be one whose row the old server deleted.
func (t *transaction) mayInsert(kind Kind, c *change) error {
	if t.phases[kind] != state.PhaseNew && !t.set.checked[c.path] {
		return errUnchecked
	}
	return nil
}

func (t *transaction) saveTimetable(ctx context.Context, c *change) error {
	current, key := t.timetable(c.path)
	user, userKey := t.user(c.parent())
	if current == nil {
		if err := t.mayInsert(state.Timetables, c); err != nil {
			return err
		}
	} else {
		converted, _ := t.cfg.Converter.Timetable(*current)
		if t.olderThanRow(state.Timetables, c.doc, converted) {
			return nil
		}
	}
	row, rest := t.cfg.Converter.TimetableRow(*c.doc, current)
	if row == nil || user == nil {
		if current != nil {
			if err := t.dropTimetable(ctx, current, c.path); err != nil {
				return err
			}
		}
		return t.setAside(ctx, c.path, true, c.doc.Fields, nil)
	}
	row.ID, row.UserID = key, &userKey
	if err := save(ctx, t, c, legacydb.TimetableKind, key, current, row); err != nil {
		return err
	}
	t.timetables[key] = row
	return t.setAside(ctx, c.path, false, rest, nil)
}

func (t *transaction) saveLecture(ctx context.Context, c *change) error {
	current, key := t.lecture(c.path)
	timetable, timetableKey := t.timetable(c.parent())
	if current == nil {
		if err := t.mayInsert(state.Timetables, c); err != nil {
			return err
		}
	} else {
		converted, _ := t.cfg.Converter.Lecture(*current)
		if t.olderThanRow(state.Timetables, c.doc, converted) {
			return nil
		}
	}
	row, rest := t.cfg.Converter.LectureRow(*c.doc, current)
	// The timetable may be private or gone.
	if row == nil || timetable == nil {
		if current != nil {
			if err := t.removeRow(ctx, legacydb.LectureKind, key); err != nil {
				return err
			}
			delete(t.lectures, key)
		}
		return t.setAside(ctx, c.path, true, c.doc.Fields, nil)
	}
	row.ID, row.TimetableID = key, &timetableKey
	row.UserID, row.SemesterID = timetable.UserID, timetable.SemesterID
	if err := save(ctx, t, c, legacydb.LectureKind, key, current, row); err != nil {
		return err
	}
	t.lectures[key] = row
	return t.setAside(ctx, c.path, false, rest, nil)
}

// save writes a row unless it is the current one.
func save[T legacydb.Row](ctx context.Context, t *transaction, c *change, kind legacydb.Kind, key string, current, row *T) error {
	if current != nil && reflect.DeepEqual(*current, *row) {
		return nil
	}
	write := saveRow[T]
	if t.careful {
		write = saveRowAlone[T]
	}
	err := write(ctx, t, *row)
	if t.careful && isDataError(err) {
		t.cfg.Log.ErrorContext(ctx, "the old database rejects a document; it is kept aside", "document", c.path, "error", err)
		return t.setAside(ctx, c.path, true, c.doc.Fields, err)
	}
	if err != nil {
		return err
	}
	if key == c.ids[len(c.ids)-1] {
		return nil
	}
	t.ids[c.path] = key
	return t.write(ctx, "INSERT INTO heektime_migration.ids (path, kind, key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", c.path, string(kind), key)
}

func (t *transaction) removeLecture(ctx context.Context, c *change) error {
	if row, key := t.lecture(c.path); row != nil {
		if err := t.removeRow(ctx, legacydb.LectureKind, key); err != nil {
			return err
		}
		delete(t.lectures, key)
	}
	return t.forget(ctx, c.path)
}

func (t *transaction) removeTimetable(ctx context.Context, c *change) error {
	if row, _ := t.timetable(c.path); row != nil {
		if err := t.dropTimetable(ctx, row, ""); err != nil {
			return err
		}
	}
	return t.forget(ctx, c.path)
}

// dropTimetable deletes a timetable's row and those of its lectures. If the timetable's document stays at
// a path, the documents of the lectures stay, too, and are kept aside.
func (t *transaction) dropTimetable(ctx context.Context, row *legacydb.Timetable, stays string) error {
	_, reader, err := t.read(ctx)
	if err != nil {
		return err
	}
	lectures, err := legacydb.ByParent[legacydb.Lecture](ctx, reader, []string{row.ID})
	if err != nil {
		return err
	}
	for _, lecture := range lectures {
		if doc, _ := t.cfg.Converter.Lecture(lecture); stays != "" && doc != nil {
			path, err := t.pathOf(ctx, legacydb.LectureKind, lecture.ID, stays+"/"+doc.Ref.Parent.ID+"/"+lecture.ID)
			if err != nil {
				return err
			}
			if err := t.setAside(ctx, path, true, doc.Fields, nil); err != nil {
				return err
			}
		}
		if err := t.removeRow(ctx, legacydb.LectureKind, lecture.ID); err != nil {
			return err
		}
		delete(t.lectures, lecture.ID)
	}
	delete(t.timetables, row.ID)
	return t.removeRow(ctx, legacydb.TimetableKind, row.ID)
}

// pathOf returns where the document of a row is: where ids says, or else at the given path.
func (t *transaction) pathOf(ctx context.Context, kind legacydb.Kind, key, path string) (string, error) {
	tx, _, err := t.read(ctx)
	if err != nil {
		return "", err
	}
	err = tx.QueryRow(ctx, "SELECT path FROM heektime_migration.ids WHERE kind = $1 AND key = $2", string(kind), key).Scan(&path)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return path, err
}

func is(column *string, value string) bool { return column != nil && *column == value }
