package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

const migrations = "migrations"

// MigrationKind is a kind of data that moves from the old database as a whole.
type MigrationKind string

// The kinds of data, in the order in which they move.
const (
	// MigrateSchools is schools, semesters and the URLs of course lists. The old side only reads them.
	MigrateSchools MigrationKind = "schools"
	// MigrateAccounts is users, usernames and passwords.
	MigrateAccounts MigrationKind = "accounts"
	// MigrateTimetables is timetables and their lectures.
	MigrateTimetables MigrationKind = "timetables"
)

// MigrationSide is one of the two databases.
type MigrationSide string

// The sides.
const (
	OldSide MigrationSide = "old" // PostgreSQL, behind the old server
	NewSide MigrationSide = "new" // Firestore
)

// MigrationPhase is how far a kind of data has moved.
type MigrationPhase string

// The phases, in the order of a switch to the new side. Package internal/migration/state explains them.
const (
	PhaseOld      MigrationPhase = "old"
	PhaseHolding  MigrationPhase = "holding"
	PhaseSettling MigrationPhase = "settling"
	PhaseNew      MigrationPhase = "new"
)

// Migration is migrations/{kind}: on which side a kind of data is. If the document is absent, the kind is
// on the old side.
type Migration struct {
	Phase MigrationPhase `firestore:"phase"`
	// Toward is the side that a switch in progress moves the kind to, or the one it is on.
	Toward MigrationSide `firestore:"toward"`
	// Epoch rises by one with each change of this document.
	Epoch int64 `firestore:"epoch"`
	// Aborting means that a switch in progress is being taken back.
	Aborting bool `firestore:"aborting"`
	// LeaseMillis is how long a server may rely on what it read here.
	LeaseMillis int64 `firestore:"leaseMillis"`
	// LimitMillis is how long a switch may hold writes before it is taken back.
	LimitMillis int64 `firestore:"limitMillis"`
	// WasNew means that the kind has been on the new side at some time.
	WasNew bool `firestore:"wasNew"`
	// ChangedAt is for people. No decision depends on it, because clocks differ.
	ChangedAt time.Time `firestore:"changedAt"`
	// Change identifies the last change, so that its author recognizes it if the response was lost.
	Change string `firestore:"change"`
}

// Updates returns the updates that replace all fields of the document.
func (m Migration) Updates() []firestore.Update {
	var updates []firestore.Update
	for name, value := range fieldsOf(m) {
		updates = append(updates, firestore.Update{Path: name, Value: value})
	}
	return updates
}

// MigrationPosition is migrations/position: up to where changes of the old database have been applied.
type MigrationPosition struct {
	// Holder identifies the process that may write documents: heektime migrate copy or follow. Others
	// have been replaced, see package internal/migration/documentwriter.
	Holder string `firestore:"holder"`
	// Slot is the replication slot, System the identifier of the PostgreSQL cluster it belongs to, and
	// Timeline the number that rises when a standby of the cluster is promoted.
	Slot     string `firestore:"slot"`
	System   string `firestore:"system"`
	Timeline int64  `firestore:"timeline"`
	// LSN is the last position that was applied, as PostgreSQL writes it: "16/B374D848".
	LSN string `firestore:"lsn"`
	// CommittedAt is when the last applied transaction committed, by PostgreSQL's clock.
	CommittedAt time.Time `firestore:"committedAt"`
	// AppliedAt is when LSN last changed.
	AppliedAt time.Time `firestore:"appliedAt"`
	// LagSeconds and LagBytes are how far the position was behind PostgreSQL at that time.
	LagSeconds float64 `firestore:"lagSeconds"`
	LagBytes   int64   `firestore:"lagBytes"`
	// ChangesPerSecond is how many changes of rows were applied per second before that time.
	ChangesPerSecond float64 `firestore:"changesPerSecond"`
	// Problem says why following has stopped and what to do, "" if it has not.
	Problem string `firestore:"problem"`
}

// MigrationDrain is migrations/drain: the position that a switch or a comparison waits for. Following writes its position
// as soon as it has passed it, and otherwise only every few seconds while nothing changes.
type MigrationDrain struct {
	LSN string `firestore:"lsn"`
}

// MigrationCopy is migrations/copy: the progress of the copy of the old database.
type MigrationCopy struct {
	// Slot, System and LSN are those of the replication slot from which following starts. LSN is "" until
	// the slot exists.
	Slot   string `firestore:"slot"`
	System string `firestore:"system"`
	LSN    string `firestore:"lsn"`
	// Columns are the columns of the copied tables and their types at that time:
	// "public.lectures credit double precision".
	Columns []string `firestore:"columns"`
	// Sweep means that an earlier copy may have written documents whose rows are gone.
	Sweep bool `firestore:"sweep"`
	// Done are the steps that are complete, Kind is the one in progress and After the key of its last
	// copied row.
	Done  []string `firestore:"done"`
	Kind  string   `firestore:"kind"`
	After string   `firestore:"after"`
	// Rows counts the copied rows.
	Rows       int64     `firestore:"rows"`
	StartedAt  time.Time `firestore:"startedAt"`
	FinishedAt time.Time `firestore:"finishedAt"`
}

// Descriptions of the documents of a migration.
var (
	MigrationDocument         = Document{Path: "migrations/{kind}", Writer: Servers, ServersOnly: true, Fields: serverFields(Migration{})}
	MigrationPositionDocument = Document{Path: "migrations/position", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationPosition{})}
	MigrationCopyDocument     = Document{Path: "migrations/copy", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationCopy{})}
	MigrationDrainDocument    = Document{Path: "migrations/drain", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationDrain{})}
)

// Migrations is the collection of a migration's documents.
func Migrations(client *firestore.Client) *firestore.CollectionRef {
	return client.Collection(migrations)
}

// MigrationRef returns the document of a kind of data.
func MigrationRef(client *firestore.Client, kind MigrationKind) *firestore.DocumentRef {
	return child(Migrations(client), string(kind))
}

// MigrationPositionRef returns the document of the applied position.
func MigrationPositionRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(MigrationPositionDocument.Path)
}

// MigrationCopyRef returns the document of the copy's progress.
func MigrationCopyRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(MigrationCopyDocument.Path)
}

// MigrationDrainRef returns the document of the position that a switch waits for.
func MigrationDrainRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(MigrationDrainDocument.Path)
}

// Fields returns all fields of the document.
func (p MigrationPosition) Fields() map[string]any { return fieldsOf(p) }

// Fields returns all fields of the document.
func (c MigrationCopy) Fields() map[string]any { return fieldsOf(c) }

// Fields returns all fields of the document.
func (d MigrationDrain) Fields() map[string]any { return fieldsOf(d) }
