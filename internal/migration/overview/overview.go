// Package overview reads everything that says how far a move is, for heektime migrate status and the
// operator's console, and says what to do next.
//
//	overview.go   Overview and Read
//	firestore.go  what Firestore keeps: the kinds' phases, the copy, the position, the last verification
//	postgres.go   what the old database keeps: the replication slot, the way back, guards
//	next.go       the next command
package overview

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Overview is how far a move is.
type Overview struct {
	At    time.Time `json:"at"`
	Kinds []Kind    `json:"kinds"`
	// Copy is nil before the first copy.
	Copy *Copy `json:"copy,omitempty"`
	// Follow is nil before there is a slot.
	Follow *Follow `json:"follow,omitempty"`
	// Back is nil before the first switch.
	Back *Back `json:"back,omitempty"`
	// Verification is nil before the first one.
	Verification *schema.MigrationVerification `json:"verification,omitempty"`
	// LastClient is the old app that called last, nil if none has.
	LastClient *LastClient `json:"lastClient,omitempty"`
	// OldDatabase says why the old database could not be read, "" if it was.
	OldDatabase string `json:"oldDatabase,omitempty"`
	// Next is what to do.
	Next Next `json:"next"`
}

// Kind is a kind of data and where it is.
type Kind struct {
	Kind   schema.MigrationKind  `json:"kind"`
	Phase  schema.MigrationPhase `json:"phase"`
	Toward schema.MigrationSide  `json:"toward"`
	Epoch  int64                 `json:"epoch"`
	// Since is when the phase began, zero if the kind never moved.
	Since    time.Time `json:"since,omitzero"`
	WasNew   bool      `json:"wasNew"`
	Aborting bool      `json:"aborting,omitempty"`
	// Guarded is whether the old database rejects writes of the kind: "" if it does not, "final", or
	// "timed" during a switch. It is unknown, and "", without the old database.
	Guarded string `json:"guarded,omitempty"`
	// Held is how long compat-server held writes for the kind's last switch, nil if it held none.
	Held *Held `json:"held,omitempty"`
}

// Held is how long writes were held for a switch.
type Held struct {
	// Side is the one that the kind was on afterwards: after a switch that was taken back, the one from before.
	Side   schema.MigrationSide `json:"side"`
	Writes int64                `json:"writes"`
	// P50Seconds, P99Seconds and LongestSeconds are how long half of them, 99 of 100, and all were held at most.
	P50Seconds     float64 `json:"p50Seconds"`
	P99Seconds     float64 `json:"p99Seconds"`
	LongestSeconds float64 `json:"longestSeconds"`
}

// Copy is how far the copy is.
type Copy struct {
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	// Step is the kind of rows in progress.
	Step string `json:"step,omitempty"`
	Rows int64  `json:"rows"`
	// Total is about how many rows there are, 0 if it is not known.
	Total int64 `json:"total,omitempty"`
	// LeftSeconds is about how long the rest takes, 0 if it is not known.
	LeftSeconds float64 `json:"leftSeconds,omitempty"`
}

// Follow is how far changes of the old database have been applied.
type Follow struct {
	Slot string `json:"slot"`
	LSN  string `json:"lsn"`
	// CommittedAt is when the last applied transaction committed, AppliedAt when it was applied.
	CommittedAt time.Time `json:"committedAt,omitzero"`
	AppliedAt   time.Time `json:"appliedAt,omitzero"`
	// Problem says why following has stopped, "" if it has not.
	Problem string `json:"problem,omitempty"`
	// Running is whether a process reads from the slot. It and what follows are of the old database.
	Running bool `json:"running"`
	// LagSeconds and LagBytes are how far the position is behind the old database.
	LagSeconds float64 `json:"lagSeconds"`
	LagBytes   int64   `json:"lagBytes"`
	// ChangesPerSecond is how many changes of rows are being applied.
	ChangesPerSecond float64 `json:"changesPerSecond"`
	// BytesPerSecond is how fast the position moves, 0 if it was read only once.
	BytesPerSecond float64 `json:"bytesPerSecond,omitempty"`
	// RetainedBytes is how much WAL the old database keeps for the slot. It can fill the disk.
	RetainedBytes int64 `json:"retainedBytes"`
	// Lost is whether the old database has dropped changes that were not applied yet, Missing whether it has
	// no such slot.
	Lost    bool `json:"lost,omitempty"`
	Missing bool `json:"missing,omitempty"`
}

// LastClient is an old app. Instances of compat-server store it every ten minutes.
type LastClient struct {
	SeenAt  time.Time `json:"seenAt"`
	Version string    `json:"version"`
}

// Back is how far changes of Firestore have been applied to the old database.
type Back struct {
	// AppliedAt is when the old database last stored a position.
	AppliedAt time.Time `json:"appliedAt,omitzero"`
	// Position is up to when changes of Firestore are in the old database, LagSeconds how long ago that was.
	Position   time.Time `json:"position,omitzero"`
	LagSeconds float64   `json:"lagSeconds"`
	// Aside is how many documents have no place in the old database, or fields without one.
	Aside int64 `json:"aside"`
}

// Source is where to read. Old is nil if the old database is not to be read.
type Source struct {
	Firestore *firestore.Client
	Old       *legacydb.DB
	// Before is an overview that was read earlier, from which rates are computed, or nil.
	Before *Overview
}

// Read reads an overview. It bills 8 reads of Firestore. A failure of the old database is not an error: the
// overview says why.
func Read(ctx context.Context, s Source) (*Overview, error) {
	o := &Overview{At: time.Now()}
	if err := o.readFirestore(ctx, s.Firestore); err != nil {
		return nil, err
	}
	if s.Old == nil {
		o.OldDatabase = "not read: set OLD_DATABASE_URL to its connection string"
	} else if err := o.readOld(ctx, s.Old); err != nil {
		o.OldDatabase = err.Error()
	}
	o.forgetOldRate()
	o.setRates(s.Before)
	o.Next = o.next()
	return o, nil
}

// setRates computes what takes two overviews.
func (o *Overview) setRates(before *Overview) {
	if before == nil {
		return
	}
	seconds := o.At.Sub(before.At).Seconds()
	if f, b := o.Follow, before.Follow; f != nil && b != nil && f.Slot == b.Slot && seconds > 0 {
		f.BytesPerSecond = max(0, float64(lsnBytes(f.LSN))-float64(lsnBytes(b.LSN))) / seconds
	}
	if c, b := o.Copy, before.Copy; c != nil && b != nil && c.Total > c.Rows && c.Rows > b.Rows {
		perSecond := float64(c.Rows-b.Rows) / seconds
		c.LeftSeconds = float64(c.Total-c.Rows) / perSecond
	}
}

// fresh is how long follow's last rate of changes counts. It stores one every second while it applies any.
const fresh = 10 * time.Second

// forgetOldRate forgets the rate of changes if nothing has been applied since.
func (o *Overview) forgetOldRate() {
	if f := o.Follow; f != nil && o.At.Sub(f.AppliedAt) > fresh {
		f.ChangesPerSecond = 0
	}
}
