package timetable

import (
	"context"
	"fmt"
	"slices"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Limits of a list. The legacy API has no pagination, and new clients can write any number of
// documents, so without limits a single call could cost any amount.
const (
	MaxTimetables = 100
	MaxLectures   = 2000
	// pageSize is the number of lectures per query.
	pageSize = 1000
)

// List returns a user's timetables with their lectures, latest semesters first. With publicOnly it
// omits private timetables. Billed: a read for each timetable and each lecture, up to
// [MaxTimetables] and [MaxLectures], and 1 for an empty result.
func (s *Store) List(ctx context.Context, uid string, publicOnly bool) ([]Timetable, error) {
	if !schema.IsID(uid) {
		return []Timetable{}, nil
	}
	query := schema.LatestTimetables(schema.UserRef(s.client, uid), publicOnly).Limit(MaxTimetables)
	docs, err := query.Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("list the timetables of %s: %w", uid, err)
	}
	timetables := make([]Timetable, len(docs))
	lectures := make(map[string][]schema.StoredLecture, len(docs))
	for i, doc := range docs {
		timetables[i] = readTimetable(doc)
		lectures[doc.Ref.ID] = nil
	}
	if err := s.lectures(ctx, uid, lectures); err != nil {
		return nil, fmt.Errorf("list the lectures of %s: %w", uid, err)
	}
	for i := range timetables {
		added := lectures[timetables[i].ID]
		slices.SortFunc(added, schema.StoredLecture.CompareAdded)
		for _, l := range added {
			timetables[i].Lectures = append(timetables[i].Lectures, Lecture{l.ID, l.Lecture})
		}
	}
	return timetables, nil
}

// lectures fills in the lectures of the wanted timetables with one query instead of one per
// timetable. In document name order all lectures of a user are adjacent, grouped by timetable, and
// a range of names needs no composite index.
//
// The range may also contain lectures of unwanted timetables: private ones, and deleted ones whose
// lectures have not been removed yet. They are read and discarded. Only after a full page does the
// next query skip to a wanted timetable.
func (s *Store) lectures(ctx context.Context, uid string, wanted map[string][]schema.StoredLecture) error {
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
	for read := 0; read < MaxLectures; read += pageSize {
		docs, err := query.Limit(pageSize).Documents(ctx).GetAll()
		if err != nil {
			return err
		}
		for _, doc := range docs {
			parent := doc.Ref.Parent.Parent
			if _, ok := wanted[parent.ID]; ok && parent.Parent.Path == timetables.Path {
				wanted[parent.ID] = append(wanted[parent.ID], schema.ReadLecture(doc))
			}
		}
		if len(docs) < pageSize {
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
	s.log.WarnContext(ctx, "lecture list truncated", "uid", uid, "listed", MaxLectures)
	return nil
}
