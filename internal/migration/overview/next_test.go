package overview

import (
	"testing"
	"time"

	"heek.kr/heektime/internal/schema"
)

// What to do next in every state of a move. It is long because of its table of states.
func TestNext(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	// ready returns an overview in which everything is ready for the first switch.
	ready := func() *Overview {
		o := &Overview{
			At:           now,
			Copy:         &Copy{Started: now.Add(-2 * time.Hour), Finished: now.Add(-time.Hour)},
			Follow:       &Follow{Slot: "heektime", Running: true},
			Verification: &schema.MigrationVerification{Whole: true, EndedAt: now.Add(-time.Minute)},
		}
		for _, kind := range []schema.MigrationKind{schema.MigrateSchools, schema.MigrateAccounts, schema.MigrateTimetables} {
			o.Kinds = append(o.Kinds, Kind{Kind: kind, Phase: schema.PhaseOld, Toward: schema.OldSide})
		}
		return o
	}
	moved := func(o *Overview, kinds int, since time.Time) {
		for i := range kinds {
			o.Kinds[i].Phase, o.Kinds[i].Toward, o.Kinds[i].Guarded, o.Kinds[i].Since = schema.PhaseNew, schema.NewSide, "final", since
		}
		o.Back = &Back{Position: now}
	}
	for _, c := range []struct {
		name, command, code string
		change              func(*Overview)
	}{
		{"nothing was copied", "plan", "plan", func(o *Overview) { o.Copy, o.Follow, o.Verification = nil, nil, nil }},
		{"a copy that has not finished", "copy", "copy", func(o *Overview) { o.Copy.Finished = time.Time{} }},
		{"a copy without follow", "follow", "follow", func(o *Overview) { o.Follow = nil }},
		{"follow stopped", "follow", "stopped", func(o *Overview) { o.Follow.Running = false }},
		{"follow has a problem", "follow", "problem", func(o *Overview) { o.Follow.Problem = "a table was truncated" }},
		{"the slot is gone", "copy", "lost", func(o *Overview) { o.Follow.Missing = true }},
		{"the slot lost changes", "copy", "lost", func(o *Overview) { o.Follow.Lost = true }},
		{"follow is late", "", "lag", func(o *Overview) { o.Follow.LagSeconds = 60 }},
		{"nothing was compared", "verify", "verify", func(o *Overview) { o.Verification = nil }},
		{"compared before the copy", "verify", "verify", func(o *Overview) { o.Verification.EndedAt = o.Copy.Finished.Add(-time.Minute) }},
		{"different", "verify", "different", func(o *Overview) { o.Verification.Differences = 1 }},
		{"only a sample was compared", "verify", "sample", func(o *Overview) { o.Verification.Whole = false }},
		{"compared long ago", "verify", "verify-again", func(o *Overview) {
			o.Copy.Finished, o.Verification.EndedAt = now.Add(-72*time.Hour), now.Add(-48*time.Hour)
		}},
		{"ready", "switch schools", "switch", func(*Overview) {}},
		{"ready, without the old database", "switch schools", "switch", func(o *Overview) { o.OldDatabase, o.Follow.Running = "no route", false }},
		{"schools moved", "switch accounts", "switch", func(o *Overview) { moved(o, 1, now) }},
		{"accounts moved", "switch timetables", "switch", func(o *Overview) { moved(o, 2, now) }},
		{"a switch", "", "switching", func(o *Overview) { o.Kinds[1].Phase, o.Kinds[1].Toward = schema.PhaseHolding, schema.NewSide }},
		{"a guard is missing", "follow", "unguarded", func(o *Overview) { moved(o, 2, now); o.Kinds[1].Guarded = "" }},
		{"a guard was left", "follow", "guarded", func(o *Overview) { o.Kinds[1].Guarded = "final" }},
		{"the way back is stuck", "follow", "back-stopped", func(o *Overview) { moved(o, 2, now); o.Back.LagSeconds = 3600 }},
		{"everything moved today", "", "wait", func(o *Overview) { moved(o, 3, now.Add(-time.Hour)) }},
		{"finished", "", "finished", func(o *Overview) {
			moved(o, 3, now)
			o.Copy, o.Follow, o.Back = nil, nil, nil
			for i := range o.Kinds {
				o.Kinds[i].Guarded = ""
			}
		}},
		{"finish was killed", "finish", "finish-again", func(o *Overview) {
			moved(o, 3, now)
			o.Follow.Missing = true
			for i := range o.Kinds {
				o.Kinds[i].Guarded = ""
			}
		}},
		{"everything moved long ago", "finish", "finish", func(o *Overview) { moved(o, 3, now.Add(-15*24*time.Hour)) }},
	} {
		o := ready()
		c.change(o)
		if n := o.next(); n.Command != c.command || n.Code != c.code || n.Reason == "" {
			t.Errorf("%s: %+v, want %q (%s)", c.name, n, c.command, c.code)
		}
	}
}
