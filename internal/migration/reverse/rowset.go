package reverse

import (
	"context"
	"slices"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
)

// rowSet has the rows of a set's documents and of those above them, as they are at one time.
//
// A document's key is its id or, if the old database cannot have that, a digest of its path. It is a digest,
// too, if another document's row has the key: ids are unique below one parent only, and clients choose
// them, so somebody could otherwise take over the timetable of somebody else by creating one with the same id.
type rowSet struct {
	ids        map[string]string // keys that are not ids, by path
	users      map[string]*legacydb.User
	timetables map[string]*legacydb.Timetable
	lectures   map[string]*legacydb.Lecture
}

func loadRows(ctx context.Context, db Executor, reader *legacydb.Reader, set *changeSet) (*rowSet, error) {
	var users, timetables, lectures []string
	for _, group := range []map[string]*change{set.users, set.timetables, set.lectures} {
		for _, c := range group {
			switch len(c.ids) {
			case 2:
				users = append(users, c.path)
			case 4:
				users, timetables = append(users, c.parent()), append(timetables, c.path)
			case 6:
				timetables, lectures = append(timetables, c.parent()), append(lectures, c.path)
			}
		}
	}
	s := &rowSet{ids: map[string]string{}}
	rows, err := db.Query(ctx, "SELECT path, key FROM heektime_migration.ids WHERE path = ANY ($1)", slices.Concat(users, timetables, lectures))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var path, key string
		if err := rows.Scan(&path, &key); err != nil {
			return nil, err
		}
		s.ids[path] = key
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if s.users, err = byKey(ctx, reader, s.known(users), func(r *legacydb.User) string { return r.ID }); err != nil {
		return nil, err
	}
	if s.timetables, err = byKey(ctx, reader, s.known(timetables), func(r *legacydb.Timetable) string { return r.ID }); err != nil {
		return nil, err
	}
	s.lectures, err = byKey(ctx, reader, s.known(lectures), func(r *legacydb.Lecture) string { return r.ID })
	return s, err
}

// known returns the keys of documents, regardless of whose rows have them.
func (s *rowSet) known(paths []string) (keys []string) {
	for _, path := range paths {
		keys = append(keys, s.knownKey(path))
	}
	return keys
}

func (s *rowSet) knownKey(path string) string {
	if key, ok := s.ids[path]; ok {
		return key
	}
	_, key := keyOf(path)
	return key
}

// user returns the row of a user's document, nil if there is none, and its key.
func (s *rowSet) user(path string) (*legacydb.User, string) {
	key := s.knownKey(path)
	return s.users[key], key
}

// timetable returns the row of a timetable's document, nil if there is none, and its key.
func (s *rowSet) timetable(path string) (*legacydb.Timetable, string) {
	key := s.knownKey(path)
	row := s.timetables[key]
	_, user := s.user(parentOf(path))
	if row != nil && !is(row.UserID, user) {
		return nil, conversion.DigestKey(legacydb.TimetableKind, path)
	}
	return row, key
}

// lecture returns the row of a lecture's document, nil if there is none, and its key.
func (s *rowSet) lecture(path string) (*legacydb.Lecture, string) {
	key := s.knownKey(path)
	row := s.lectures[key]
	_, timetable := s.timetable(parentOf(path))
	if row != nil && !is(row.TimetableID, timetable) {
		return nil, conversion.DigestKey(legacydb.LectureKind, path)
	}
	return row, key
}

// has reports whether a document has a row.
func (s *rowSet) has(path string) bool {
	switch kind, _ := keyOf(path); kind {
	case legacydb.UserKind:
		row, _ := s.user(path)
		return row != nil
	case legacydb.TimetableKind:
		row, _ := s.timetable(path)
		return row != nil
	}
	row, _ := s.lecture(path)
	return row != nil
}

func byKey[T legacydb.Row](ctx context.Context, r *legacydb.Reader, keys []string, key func(*T) string) (map[string]*T, error) {
	slices.Sort(keys)
	keys = slices.Compact(keys)
	found := map[string]*T{}
	if len(keys) == 0 {
		return found, nil
	}
	rows, err := legacydb.ByKey[T](ctx, r, keys)
	for i := range rows {
		found[key(&rows[i])] = &rows[i]
	}
	return found, err
}

// keyAfter returns the key of a document that was applied.
func (s *rowSet) keyAfter(path string) (key string) {
	switch kind, _ := keyOf(path); kind {
	case legacydb.UserKind:
		_, key = s.user(path)
	case legacydb.TimetableKind:
		_, key = s.timetable(path)
	default:
		_, key = s.lecture(path)
	}
	return key
}
