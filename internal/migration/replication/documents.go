package replication

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// documents collects what to write for a batch.
type documents struct {
	converter *conversion.Converter
	// put and removed are by path. What is put stays, wherever the same path is removed.
	put, removed map[string]documentwriter.Write
}

func newDocuments(converter *conversion.Converter) *documents {
	return &documents{converter: converter, put: map[string]documentwriter.Write{}, removed: map[string]documentwriter.Write{}}
}

func (d *documents) set(doc *conversion.Document) {
	if doc != nil {
		d.put[doc.Ref.Path] = documentwriter.Write{Ref: doc.Ref, Fields: doc.Fields, CreateOnly: doc.CreateOnly}
	}
}

func (d *documents) remove(ref *firestore.DocumentRef) {
	if ref != nil {
		d.removed[ref.Path] = documentwriter.Write{Ref: ref}
	}
}

// timetables adds the timetables of a batch, and the lectures to read again to the batch.
func (d *documents) timetables(ctx context.Context, r *legacydb.Reader, b *batch) error {
	keys := b.keys(legacydb.TimetableKind)
	rows, err := legacydb.ByKey[legacydb.Timetable](ctx, r, keys)
	if err != nil {
		return fmt.Errorf("read timetables: %w", err)
	}
	users := map[string]string{}
	for _, row := range rows {
		doc, _ := d.converter.Timetable(row)
		d.set(doc)
		users[row.ID] = value(row.UserID)
	}
	for _, key := range keys {
		parents := slices.Collect(maps.Keys(b.rows[legacydb.TimetableKind][key].parents))
		for _, user := range append(parents, users[key]) {
			if user != "" {
				d.remove(d.converter.TimetableRef(user, key))
			}
		}
	}
	lectures, err := legacydb.ByParent[legacydb.Lecture](ctx, r, b.withChildren(legacydb.TimetableKind))
	if err != nil {
		return fmt.Errorf("read lectures: %w", err)
	}
	for _, row := range lectures {
		d.lecture(row)
	}
	return nil
}

// lecture adds one lecture as its row is. If it was left out, the document that it may have had goes.
func (d *documents) lecture(row legacydb.Lecture) {
	doc, _ := d.converter.Lecture(row)
	if doc != nil {
		d.set(doc)
		return
	}
	if user, timetable := value(row.UserID), value(row.TimetableID); user != "" && timetable != "" {
		d.remove(d.converter.LectureRef(user, timetable, row.ID))
	}
}

// lectures adds the lectures of a batch.
func (d *documents) lectures(ctx context.Context, r *legacydb.Reader, b *batch) error {
	keys := b.keys(legacydb.LectureKind)
	if len(keys) == 0 {
		return nil
	}
	rows, err := legacydb.ByKey[legacydb.Lecture](ctx, r, keys)
	if err != nil {
		return fmt.Errorf("read lectures: %w", err)
	}
	current := map[string]string{}
	for _, row := range rows {
		d.lecture(row)
		current[row.ID] = value(row.TimetableID)
	}
	// A lecture has a document in each timetable that it was in and is not in any more. If that timetable
	// is gone as well, its lectures went or go with it.
	former := map[string][]string{} // lectures by timetable
	for key, row := range b.rows[legacydb.LectureKind] {
		for timetable := range row.parents {
			if timetable != current[key] {
				former[timetable] = append(former[timetable], key)
			}
		}
	}
	timetables, err := legacydb.ByKey[legacydb.Timetable](ctx, r, slices.Sorted(maps.Keys(former)))
	if err != nil {
		return fmt.Errorf("read timetables: %w", err)
	}
	for _, timetable := range timetables {
		user := value(timetable.UserID)
		if user == "" {
			continue
		}
		for _, key := range former[timetable.ID] {
			d.remove(d.converter.LectureRef(user, timetable.ID, key))
		}
	}
	return nil
}

// writes returns all writes, with deletions of the lectures below timetables that are removed.
func (d *documents) writes(ctx context.Context) ([]documentwriter.Write, error) {
	below := map[string]documentwriter.Write{}
	for path, write := range d.removed {
		if _, ok := d.put[path]; ok {
			continue
		}
		if write.Ref.Parent.ID != schema.TimetableDocument.Collection() {
			continue
		}
		lectures, err := documentwriter.Descendants(ctx, write.Ref)
		if err != nil {
			return nil, err
		}
		for _, lecture := range lectures {
			below[lecture.Ref.Path] = lecture
		}
	}
	maps.Copy(d.removed, below)
	writes := slices.Collect(maps.Values(d.put))
	for path, write := range d.removed {
		if _, ok := d.put[path]; !ok {
			writes = append(writes, write)
		}
	}
	slices.SortFunc(writes, func(a, b documentwriter.Write) int { return strings.Compare(a.Ref.Path, b.Ref.Path) })
	return writes, nil
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
