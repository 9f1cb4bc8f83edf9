// Package copyback copies documents from one Firestore database to another of the same project: what was
// lost, from a restored backup back to the database that clients use.
//
// Users keep writing meanwhile, so it creates what is missing, and replaces only what was last written while
// the damage was done. It brings nobody back who has deleted their account since the backup. Each batch is one transaction that reads the destination again.
// A copy that was interrupted is simply repeated: what has been copied is then found to be the same.
package copyback

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/docstream"
	"heek.kr/heektime/internal/schema"
)

// batchSize is how many documents of the source a transaction handles. Firestore limits a request to
// 10 MiB.
const batchSize = 50

// Config is what to copy, and how.
type Config struct {
	From, To *firestore.Client
	// HasAccount returns which uids have an account in Authentication.
	HasAccount func(ctx context.Context, uids []string) (map[string]bool, error)
	// Write writes; otherwise the report says what would be written.
	Write bool
	// Damage is when the damage was done. Documents that differ, and that were last written then, are
	// replaced; zero replaces none.
	Damage Period
	// WithoutAccount copies also for uids that have neither an account nor an old password: they may
	// have deleted their account since the backup.
	WithoutAccount bool
	// Skipped, if not nil, gets the path of each document that is not copied, and the reason.
	Skipped func(path, reason string)
}

// Period is a time from From to Until, both included.
type Period struct{ From, Until time.Time }

func (p Period) contains(t time.Time) bool { return !t.Before(p.From) && !t.After(p.Until) }

// Report counts documents.
type Report struct {
	// Created and Replaced were written, or would be. Same had been there already.
	Created, Replaced, Same int
	// Skipped were not copied; the reasons were reported.
	Skipped int
	// Reads and Writes that were billed.
	Reads, Writes int
}

// Copy copies a document with everything below it, or a collection.
func Copy(ctx context.Context, cfg Config, path string) (Report, error) {
	var report Report
	if cfg.From == nil || cfg.To == nil || cfg.HasAccount == nil {
		return report, errors.New("a copy needs both databases and the accounts")
	}
	if err := checkPath(path); err != nil {
		return report, err
	}
	within, err := docstream.At(cfg.From, path)
	if err != nil {
		return report, err
	}
	stream := docstream.Open(cfg.From, within)
	above := ""
	for more := true; more; {
		var docs []*firestore.DocumentSnapshot
		for len(docs) < batchSize && more {
			doc, err := stream.Next(ctx)
			if err != nil {
				return report, err
			}
			if more = doc != nil; more {
				docs = append(docs, doc)
			}
		}
		if len(docs) == 0 {
			break
		}
		b := &batch{Config: cfg, docs: docs, above: above}
		if err := b.copy(ctx); err != nil {
			return report, fmt.Errorf("copy from %s on: %w", schema.Path(docs[0].Ref), err)
		}
		report.add(b.report)
		if b.last != "" { // otherwise the documents may still be below the one before
			above = b.last
		}
	}
	report.Reads += stream.Reads()
	return report, nil
}

func (r *Report) add(other Report) {
	r.Created += other.Created
	r.Replaced += other.Replaced
	r.Same += other.Same
	r.Skipped += other.Skipped
	r.Reads += other.Reads
	r.Writes += other.Writes
}

// Rewrite makes references to other databases refer to the same path in this one. Services that use a
// restored database would otherwise follow its timetables to the semesters of the old one.
func Rewrite(ctx context.Context, client *firestore.Client, write bool) (Report, error) {
	var report Report
	stream := docstream.Open(client, docstream.Range{})
	for {
		doc, err := stream.Next(ctx)
		if err != nil || doc == nil {
			report.Reads += stream.Reads()
			return report, err
		}
		if !foreign(doc) {
			report.Same++
			continue
		}
		report.Replaced++
		if !write {
			continue
		}
		err = client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			now, err := tx.Get(doc.Ref)
			if err != nil {
				return err
			}
			return tx.Set(doc.Ref, moved(client, now.Data()))
		})
		if err != nil {
			return report, fmt.Errorf("rewrite %s: %w", schema.Path(doc.Ref), err)
		}
		report.Reads++
		report.Writes++
	}
}

func foreign(doc *firestore.DocumentSnapshot) bool {
	for _, ref := range schema.References(doc.Data()) {
		if schema.DatabaseOf(ref) != schema.DatabaseOf(doc.Ref) {
			return true
		}
	}
	return false
}

// moved returns a document's fields with all references in the client's database.
func moved(client *firestore.Client, fields map[string]any) map[string]any {
	copied := make(map[string]any, len(fields))
	for name, value := range fields {
		copied[name] = move(client, value)
	}
	return copied
}

func move(client *firestore.Client, value any) any {
	switch v := value.(type) {
	case *firestore.DocumentRef:
		return client.Doc(schema.Path(v))
	case map[string]any:
		return moved(client, v)
	case []any:
		list := make([]any, len(v))
		for i, entry := range v {
			list[i] = move(client, entry)
		}
		return list
	}
	return value
}

// same reports whether two documents have the same fields.
func same(a, b any) bool {
	switch a := a.(type) {
	case *firestore.DocumentRef:
		other, ok := b.(*firestore.DocumentRef)
		return ok && a.Path == other.Path
	case time.Time:
		other, ok := b.(time.Time)
		return ok && a.Equal(other)
	case []byte:
		other, ok := b.([]byte)
		return ok && string(a) == string(other)
	case map[string]any:
		other, ok := b.(map[string]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for name, value := range a {
			if v, exists := other[name]; !exists || !same(value, v) {
				return false
			}
		}
		return true
	case []any:
		other, ok := b.([]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for i := range a {
			if !same(a[i], other[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}
