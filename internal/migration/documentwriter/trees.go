package documentwriter

import (
	"context"
	"fmt"
	"iter"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Descendants lists the documents below a timetable, or below a user, that exist. Deleting a document
// does not delete them, and readers of a timetable that moved to another user must not find them at its
// old place. The functions would delete them, too, but later. Billed: a read for each of them, and for
// each query without results.
func Descendants(ctx context.Context, ref *firestore.DocumentRef) ([]Write, error) {
	if ref.Parent.ID != schema.UserDocument.Collection() {
		return deletions(ctx, schema.Lectures(ref))
	}
	writes, err := deletions(ctx, schema.Timetables(ref))
	if err != nil {
		return nil, err
	}
	for _, timetable := range writes {
		lectures, err := deletions(ctx, schema.Lectures(timetable.Ref))
		if err != nil {
			return nil, err
		}
		writes = append(writes, lectures...)
	}
	return writes, nil
}

func deletions(ctx context.Context, documents *firestore.CollectionRef) ([]Write, error) {
	docs, err := documents.Select().Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("list the documents in %s: %w", documents.Path, err)
	}
	writes := make([]Write, len(docs))
	for i, doc := range docs {
		writes[i] = Write{Ref: doc.Ref}
	}
	return writes, nil
}

// PageSize is how many documents a page of a long query has.
const PageSize = 500

// Documents reads the documents of a query in the order of their names. It reads them in pages, because
// Firestore ends queries that take longer than a minute.
func Documents(ctx context.Context, query firestore.Query) iter.Seq2[*firestore.DocumentSnapshot, error] {
	return func(yield func(*firestore.DocumentSnapshot, error) bool) {
		query := query.OrderBy(firestore.DocumentID, firestore.Asc).Limit(PageSize)
		for page := query; ; {
			docs, err := page.Documents(ctx).GetAll()
			if err != nil {
				yield(nil, err)
				return
			}
			for _, doc := range docs {
				if !yield(doc, nil) {
					return
				}
			}
			if len(docs) < PageSize {
				return
			}
			page = query.StartAfter(docs[len(docs)-1])
		}
	}
}
