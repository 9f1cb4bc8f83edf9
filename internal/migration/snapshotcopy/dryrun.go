package snapshotcopy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/walstream"
)

// Report says what a copy would do.
type Report struct {
	// Missing is what the old database needs before.
	Missing []walstream.Requirement
	Kinds   []KindReport
	// Writes is how many documents would be written. Ramp is how long that takes at the pace of Google's
	// advice.
	Writes int64
	Ramp   time.Duration
}

// KindReport is about the rows of one kind.
type KindReport struct {
	Kind legacydb.Kind
	// Rows are read, LeftOut of them have no document, and Findings counts what does not fit as it is.
	Rows, LeftOut, Findings int64
}

// DryRun reads and converts everything as [Run] would, and writes nothing on either side.
func DryRun(ctx context.Context, cfg Config) (Report, error) {
	cfg = cfg.withDefaults()
	db, err := legacydb.Open(ctx, legacydb.Config{URL: cfg.URL, Mapping: cfg.Mapping, ReadOnly: true})
	if err != nil {
		return Report{}, err
	}
	defer db.Close()
	var report Report
	if report.Missing, err = walstream.Missing(ctx, db.Pool, cfg.Mapping, cfg.Publication); err != nil {
		return Report{}, err
	}
	r, err := db.Reader(ctx, "")
	if err != nil {
		return Report{}, err
	}
	defer r.Close()
	c, err := documentwriter.ReadConverter(ctx, cfg.Firestore, cfg.Mapping, r)
	if err != nil {
		return Report{}, err
	}
	for _, convert := range []func() (KindReport, int64, error){
		func() (KindReport, int64, error) { return dryRows(ctx, r, one(c.School)) },
		func() (KindReport, int64, error) { return dryRows(ctx, r, one(c.Semester)) },
		func() (KindReport, int64, error) {
			return dryRows(ctx, r, func(row legacydb.User) (int, []conversion.Finding) {
				docs, findings := c.User(row)
				if docs == nil {
					return 0, findings
				}
				return len(docs.All()), findings
			})
		},
		func() (KindReport, int64, error) { return dryRows(ctx, r, one(c.Timetable)) },
		func() (KindReport, int64, error) { return dryRows(ctx, r, one(c.Lecture)) },
	} {
		kind, writes, err := convert()
		if err != nil {
			return Report{}, err
		}
		report.Kinds = append(report.Kinds, kind)
		report.Writes += writes
	}
	report.Ramp = documentwriter.RampDuration(report.Writes)
	return report, nil
}

// one counts the document of a conversion.
func one[T legacydb.Row](convert func(T) (*conversion.Document, []conversion.Finding)) func(T) (int, []conversion.Finding) {
	return func(row T) (int, []conversion.Finding) {
		doc, findings := convert(row)
		if doc == nil {
			return 0, findings
		}
		return 1, findings
	}
}

func dryRows[T legacydb.Row](ctx context.Context, r *legacydb.Reader, convert func(T) (int, []conversion.Finding)) (KindReport, int64, error) {
	report := KindReport{Kind: legacydb.KindOf[T]()}
	var writes int64
	for row, err := range legacydb.Rows[T](ctx, r, "") {
		if err != nil {
			return report, 0, err
		}
		n, findings := convert(row)
		report.Rows++
		report.Findings += int64(len(findings))
		writes += int64(n)
		if n == 0 {
			report.LeftOut++
		}
	}
	return report, writes, nil
}

// String is the report for people.
func (r Report) String() string {
	var b strings.Builder
	if len(r.Missing) > 0 {
		b.WriteString("the old database is not ready. With --prepare, the copy would first run\n")
	}
	for _, m := range r.Missing {
		fmt.Fprintf(&b, "  %s\n", m.SQL)
	}
	for _, k := range r.Kinds {
		fmt.Fprintf(&b, "%-11s %d rows, %d of them left out, %d findings\n", k.Kind+"s", k.Rows, k.LeftOut, k.Findings)
	}
	b.WriteString("heektime migrate plan lists the findings\n")
	fmt.Fprintf(&b, "%d documents would be written, in at least %v on Google Cloud; nothing was written\n", r.Writes, r.Ramp.Round(time.Second))
	return b.String()
}
