package snapshotcopy

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/reverse"
)

func copySchools(ctx context.Context, c *copying) error {
	return copyRows(ctx, c, c.writeDocuments, func(row legacydb.School) *conversion.Document {
		doc, _ := c.converter.School(row)
		return doc
	})
}

func copySemesters(ctx context.Context, c *copying) error {
	return copyRows(ctx, c, c.writeDocuments, func(row legacydb.Semester) *conversion.Document {
		doc, _ := c.converter.Semester(row)
		return doc
	})
}

func copyTimetables(ctx context.Context, c *copying) error {
	return copyRows(ctx, c, c.writeDocuments, func(row legacydb.Timetable) *conversion.Document {
		doc, _ := c.converter.Timetable(row)
		return doc
	})
}

func copyLectures(ctx context.Context, c *copying) error {
	return copyRows(ctx, c, c.writeDocuments, func(row legacydb.Lecture) *conversion.Document {
		doc, _ := c.converter.Lecture(row)
		return doc
	})
}

func copyUsers(ctx context.Context, c *copying) error {
	return copyRows(ctx, c, func(ctx context.Context, rows []legacydb.User) error {
		return c.accounts.WriteRows(ctx, c.lookup, rows)
	}, func(row legacydb.User) legacydb.User { return row })
}

// writeDocuments writes the documents that are not nil.
func (c *copying) writeDocuments(ctx context.Context, docs []*conversion.Document) error {
	writes := make([]documentwriter.Write, 0, len(docs))
	for _, doc := range docs {
		if doc != nil {
			writes = append(writes, documentwriter.Write{Ref: doc.Ref, Fields: doc.Fields, CreateOnly: doc.CreateOnly})
		}
	}
	return c.commit(ctx, writes)
}

// commit writes documents. What has been on the new side keeps what only it has, if kinds have moved back.
func (c *copying) commit(ctx context.Context, writes []documentwriter.Write) error {
	if len(writes) > 0 && writes[0].CreateOnly { // schools and semesters, which never flow back
		return c.writer.Commit(ctx, writes)
	}
	writes, err := reverse.Adjust(ctx, c.db.Pool, c.cfg.Firestore, writes)
	if err != nil {
		return err
	}
	return c.writer.Commit(ctx, writes)
}

// converted is some rows after their conversion.
type converted[D any] struct {
	docs []D
	last string // the key of the last row
}

// copyRows reads the rows of a kind in the order of their keys, those after the last one that was noted.
// While it writes a batch it reads and converts the next.
func copyRows[T legacydb.Row, D any](ctx context.Context, c *copying, write func(context.Context, []D) error, convert func(T) D) error {
	kind := string(legacydb.KindOf[T]())
	if c.progress.Kind != kind {
		c.progress.Kind, c.progress.After = kind, ""
	}
	batches := make(chan converted[D], 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		return readRows(ctx, c, convert, batches)
	})
	group.Go(func() error {
		for batch := range batches {
			if err := write(ctx, batch.docs); err != nil {
				return err
			}
			c.progress.After = batch.last
			c.progress.Rows += int64(len(batch.docs))
			c.meter.add(len(batch.docs))
			if time.Since(c.saved) >= c.cfg.SaveInterval {
				if err := c.save(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return group.Wait()
}

// readRows sends batches of rows, the last one smaller.
func readRows[T legacydb.Row, D any](ctx context.Context, c *copying, convert func(T) D, batches chan<- converted[D]) error {
	var batch converted[D]
	send := func() error {
		select {
		case batches <- batch:
			batch = converted[D]{}
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for row, err := range legacydb.Rows[T](ctx, c.rows, c.progress.After) {
		if err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
		batch.docs = append(batch.docs, convert(row))
		batch.last = keyOf(row)
		if len(batch.docs) == c.cfg.BatchRows {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(batch.docs) == 0 {
		return nil
	}
	return send()
}
