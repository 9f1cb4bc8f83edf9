package timetable

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Bounds of a list. Old apps show what they get at once, and nobody's documents may cost without limit: a client can write any
// number of them.
const (
	MaxTimetables = 100
	MaxLectures   = 2000
	// page is how many lectures are asked for at once.
	page = 1000
)

// List is a user's timetables with their lectures, those of the latest semesters first; for others only what is public. Billed: a
// read for each timetable and each lecture, at most [MaxTimetables] and [MaxLectures], and for an empty result 1.
func (s *Store) List(ctx context.Context, uid string, forOthers bool) ([]Timetable, error) {
	if !schema.IsID(uid) {
		return []Timetable{}, nil
	}
	query := schema.LatestTimetables(schema.UserRef(s.client, uid), forOthers).Limit(MaxTimetables)
	docs, err := query.Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("list the timetables of %s: %w", uid, err)
	}
	timetables := make([]Timetable, len(docs))
	lectures := make(map[string][]addedLecture, len(docs))
	for i, doc := range docs {
		timetables[i] = readTimetable(doc)
		lectures[doc.Ref.ID] = nil
	}
	if err := s.lectures(ctx, uid, lectures); err != nil {
		return nil, fmt.Errorf("list the lectures of %s: %w", uid, err)
	}
	for i := range timetables {
		of := lectures[timetables[i].ID]
		slices.SortFunc(of, func(a, b addedLecture) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ID, b.ID)) })
		for _, l := range of {
			timetables[i].Lectures = append(timetables[i].Lectures, l.Lecture)
		}
	}
	return timetables, nil
}

// lectures fills in the lectures of a user's timetables, by one query and not one for each: the lectures below a user are next
// to each other in the order of names, those of a timetable again. A range of names needs no index of our own.
//
// Between them may stand lectures of timetables that are not wanted: deleted ones, whose lectures are still to be removed, and
// private ones. They are read with the rest. Only where a page is full the next one starts at a wanted timetable.
func (s *Store) lectures(ctx context.Context, uid string, wanted map[string][]addedLecture) error {
	ids := make([]string, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	timetables := schema.Timetables(schema.UserRef(s.client, uid))
	all := schema.LecturesThrough(s.client, timetables.Doc(ids[len(ids)-1]))
	query := all.Where(firestore.DocumentID, ">=", timetables.Doc(ids[0]))
	for read := 0; read < MaxLectures; read += page {
		docs, err := query.Limit(page).Documents(ctx).GetAll()
		if err != nil {
			return err
		}
		for _, doc := range docs {
			parent := doc.Ref.Parent.Parent
			if _, ok := wanted[parent.ID]; ok && parent.Parent.Path == timetables.Path {
				wanted[parent.ID] = append(wanted[parent.ID], readLecture(doc))
			}
		}
		if len(docs) < page {
			return nil
		}
		last := docs[len(docs)-1].Ref
		query = all.Where(firestore.DocumentID, ">", last)
		if at, found := slices.BinarySearch(ids, last.Parent.Parent.ID); !found {
			if at == len(ids) {
				return nil
			}
			query = all.Where(firestore.DocumentID, ">=", timetables.Doc(ids[at]))
		}
	}
	s.log.WarnContext(ctx, "a user has more lectures than are listed", "uid", uid, "listed", MaxLectures)
	return nil
}
