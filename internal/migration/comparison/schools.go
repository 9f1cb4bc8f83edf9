package comparison

import (
	"context"
	"fmt"
	"slices"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// ownedByRefresh are the fields of schools and semesters that the refresh service writes, and that are not
// compared. A copy only writes them if the document does not exist.
var ownedByRefresh = []string{schema.FieldName, schema.FieldPeriods, schema.FieldStatus, schema.FieldLecturesURL,
	schema.FieldListChangedAt, schema.FieldListCheckedAt}

// compareSchools compares schools and semesters. Those that only Firestore has are newer than the old database.
func (c *comparer) compareSchools(ctx context.Context) error {
	r, err := c.Old.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer r.Close()
	schools, err := all[legacydb.School](ctx, r)
	if err != nil {
		return err
	}
	semesters, err := all[legacydb.Semester](ctx, r)
	if err != nil {
		return err
	}
	var rows []converted
	for _, row := range schools {
		document, findings := c.convert.School(row)
		rows = append(rows, schoolRow(document, findings))
	}
	for _, row := range semesters {
		document, findings := c.convert.Semester(row)
		rows = append(rows, schoolRow(document, findings))
	}
	for batch := range slices.Chunk(rows, rangeUsers) {
		if err := c.compareOwned(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparer) compareOwned(ctx context.Context, rows []converted) error {
	var refs []*firestore.DocumentRef
	var with []converted
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, row := range rows {
		if row.document == nil {
			d := leftOut("", row)
			d.Path = row.findings[0].Key
			c.addDifference(d)
			continue
		}
		refs, with = append(refs, row.document.Ref), append(with, row)
	}
	docs, err := c.Firestore.GetAll(ctx, refs)
	if err != nil {
		return fmt.Errorf("read schools and semesters: %w", err)
	}
	unique := map[string]bool{} // several semesters of the old database may be the same; each is billed once
	for _, ref := range refs {
		unique[ref.Path] = true
	}
	c.reads.add(len(unique))
	c.report.Documents += len(docs)
	for i, doc := range docs {
		path := with[i].path
		collection := collectionOf(path)
		if !doc.Exists() {
			c.addDifference(Difference{Sort: NoDocument, Path: path, Reason: "the row has no document", group: collection + ": the row has no document"})
			continue
		}
		for _, f := range conversion.Compare(with[i].document, &conversion.Document{Ref: doc.Ref, Fields: doc.Data()}) {
			if slices.Contains(ownedByRefresh, f.Field) {
				continue
			}
			reason := fmt.Sprintf("the field %s differs", f.Field)
			c.addDifference(Difference{
				Sort: FieldDiffer, Path: path, Field: f.Field, Row: shorten(f.Old), Document: shorten(f.New), Reason: reason, group: collection + ": " + reason,
			})
		}
	}
	return nil
}

func schoolRow(document *conversion.Document, findings []conversion.Finding) converted {
	if document == nil {
		return converted{findings: findings}
	}
	return converted{document.Path(), document, findings}
}
