package snapshotcopy

import (
	"context"
	"encoding/hex"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// A sweep reads all documents that earlier copies may have written and removes those whose row is gone, was
// left out, or has its document elsewhere now. It leaves documents alone whose ids are not of the old
// database: people who use new clients made them.

func sweepUsers(ctx context.Context, c *copying) error {
	if err := c.accounts.Reconcile(ctx, c.lookup); err != nil {
		return err
	}
	return c.sweep(ctx, schema.Users(c.cfg.Firestore).Query, func(ctx context.Context, page []*firestore.DocumentRef) error {
		var gone []string
		for _, ref := range page {
			if _, ok := c.converter.Names().Of(ref.ID); !ok && documentwriter.IsOldUID(ref.ID) {
				gone = append(gone, ref.ID)
			}
		}
		for _, uid := range gone {
			if err := c.remove(ctx, schema.UserRef(c.cfg.Firestore, uid)); err != nil {
				return err
			}
		}
		return nil
	})
}

func sweepTimetables(ctx context.Context, c *copying) error {
	isOld := func(ref *firestore.DocumentRef) bool {
		_, err := hex.DecodeString(ref.ID)
		return err == nil && len(ref.ID) == schema.LegacyTimetableIDLength && documentwriter.IsOldUID(ref.Parent.Parent.ID)
	}
	return sweepRows(ctx, c, schema.TimetableDocument, isOld, func(row legacydb.Timetable) *conversion.Document {
		doc, _ := c.converter.Timetable(row)
		return doc
	})
}

func sweepLectures(ctx context.Context, c *copying) error {
	isOld := func(ref *firestore.DocumentRef) bool {
		timetable := ref.Parent.Parent
		return documentwriter.IsOldUID(ref.ID) && timetable.Parent.Parent != nil && documentwriter.IsOldUID(timetable.Parent.Parent.ID)
	}
	return sweepRows(ctx, c, schema.LectureDocument, isOld, func(row legacydb.Lecture) *conversion.Document {
		doc, _ := c.converter.Lecture(row)
		return doc
	})
}

// sweepRows removes the documents of a collection group that no row of a kind converts to.
func sweepRows[T legacydb.Row](ctx context.Context, c *copying, of schema.Document, isOld func(*firestore.DocumentRef) bool,
	convert func(T) *conversion.Document,
) error {
	query := c.cfg.Firestore.CollectionGroup(of.Collection()).Query
	return c.sweep(ctx, query, func(ctx context.Context, page []*firestore.DocumentRef) error {
		var keys []string
		var refs []*firestore.DocumentRef
		for _, ref := range page {
			if ref.Parent.Parent != nil && isOld(ref) {
				keys, refs = append(keys, ref.ID), append(refs, ref)
			}
		}
		rows, err := legacydb.ByKey[T](ctx, c.lookup, keys)
		if err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
		right := map[string]bool{}
		for _, row := range rows {
			if doc := convert(row); doc != nil {
				right[doc.Ref.Path] = true
			}
		}
		for _, ref := range refs {
			if right[ref.Path] {
				continue
			}
			if err := c.remove(ctx, ref); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove deletes a document and what is below it.
func (c *copying) remove(ctx context.Context, ref *firestore.DocumentRef) error {
	writes := []documentwriter.Write{{Ref: ref}}
	if ref.Parent.ID != schema.LectureDocument.Collection() {
		below, err := documentwriter.Descendants(ctx, ref)
		if err != nil {
			return err
		}
		writes = append(writes, below...)
	}
	return c.commit(ctx, writes)
}

// sweep calls do with the documents of a query, page by page, in the order of their names.
func (c *copying) sweep(ctx context.Context, query firestore.Query, do func(context.Context, []*firestore.DocumentRef) error) error {
	var page []*firestore.DocumentRef
	for doc, err := range documentwriter.Documents(ctx, query.Select()) {
		if err != nil {
			return fmt.Errorf("read all documents: %w", err)
		}
		if page = append(page, doc.Ref); len(page) < documentwriter.PageSize {
			continue
		}
		if err := do(ctx, page); err != nil {
			return err
		}
		page = nil
	}
	return do(ctx, page)
}
