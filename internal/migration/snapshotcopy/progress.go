package snapshotcopy

import (
	"context"
	"fmt"
	"time"

	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
)

// Progress is how far a copy has come.
type Progress struct {
	// Kind is the kind of the rows that are being copied, "" between two kinds.
	Kind string
	// Rows were copied of Total.
	Rows, Total int64
	// Rate is in rows per second, Left how long the others take at that rate and Google's ramp.
	Rate float64
	Left time.Duration
}

// String is a line for people.
func (p Progress) String() string {
	percent := 100.0
	if p.Total > 0 {
		percent = min(100, 100*float64(p.Rows)/float64(p.Total))
	}
	return fmt.Sprintf("%d of %d rows, %.0f %%, %.0f rows/s, %v left; now %ss", p.Rows, p.Total, percent, p.Rate, p.Left.Round(time.Second), p.Kind)
}

// meter measures the work of a process, across attempts.
type meter struct {
	began time.Time
	// rows were copied by this process, before by those that it continues.
	rows, before, total int64
	ramp                *documentwriter.Ramp
}

// start counts what there is to do.
func (m *meter) start(ctx context.Context, c *copying, moving []state.Kind) error {
	m.total = 0
	for _, step := range steps() {
		if step.sweep {
			continue
		}
		for _, kind := range moving {
			if kind != step.kind {
				continue
			}
			n, err := c.rows.Count(ctx, legacydb.Kind(step.name))
			if err != nil {
				return fmt.Errorf("count the rows of kind %s: %w", step.name, err)
			}
			m.total += n.Rows - n.WithoutKey
		}
	}
	if m.began.IsZero() {
		m.began = time.Now()
	}
	m.before = c.progress.Rows - m.rows
	return nil
}

func (m *meter) add(rows int) { m.rows += int64(rows) }

func (m *meter) progress(kind string) Progress {
	p := Progress{Kind: kind, Rows: m.before + m.rows, Total: m.total}
	if seconds := time.Since(m.began).Seconds(); seconds > 0 {
		p.Rate = float64(m.rows) / seconds
	}
	left := max(0, m.total-p.Rows)
	if p.Rate > 0 {
		p.Left = time.Duration(float64(left) / p.Rate * float64(time.Second))
	}
	p.Left = max(p.Left, m.ramp.Left(left))
	return p
}

func (cfg Config) report(p Progress) {
	if cfg.Progress != nil {
		cfg.Progress(p)
	}
}
