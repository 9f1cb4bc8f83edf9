// Package logline names the log lines that alerts depend on: their messages, and the fields that
// alerts read. Services write these lines with the constants, and the alerts in internal/deployment
// match them by the constants, so neither can change alone.
package logline

// Refresh, of internal/refresh.
const (
	// RefreshesEnqueued says that /schedule ran. It has no condition: it comes every few minutes.
	RefreshesEnqueued = "due refreshes enqueued"
	// RefreshKeepsFailing says that many refreshes of a list in a row published nothing.
	RefreshKeepsFailing = "refresh keeps failing"
	// PurgeMissing says that the purge, of internal/cleanup, has not succeeded for some time.
	PurgeMissing = "the purge does not succeed"
	// FieldSchool and FieldSemester say which list a line is about.
	FieldSchool   = "school"
	FieldSemester = "semester"
	// FieldReason says why a list was not published.
	FieldReason = "reason"
)

// Cleanup, of internal/cleanup.
const (
	// CleanedUp says that a purge or a sweep ended without errors, CleanupIncomplete that it did not.
	CleanedUp         = "cleaned up"
	CleanupIncomplete = "clean-up incomplete"
	// FieldWork is the work of the two lines: WorkPurge or WorkSweep.
	FieldWork = "work"
	WorkPurge = "purge"
	WorkSweep = "sweep"
	// SweepLate says that no sweep has ended for longer than its schedule allows.
	SweepLate = "the sweep is late"
	// SweepKeepsFailing says that a sweep failed, and so did its retries.
	SweepKeepsFailing = "the sweep keeps failing"
	// AccountTooLarge says that an account has more documents than any student needs.
	AccountTooLarge = "an account has too many documents"
	// PurgeLate says that an account should have been purged by now.
	PurgeLate = "the purge of an account is late"
	// ScheduleMissing says that /schedule, of internal/refresh, has not succeeded for some time.
	ScheduleMissing = "the schedule does not succeed"
)

// SignInsRejected says that many sign-ins were rejected in a short time. It is of internal/auth, also as a
// part of compat-server.
const SignInsRejected = "many sign-ins are rejected"

// ServerErrors says that many requests ended with an error of the server in a short time. It is of
// internal/server.
const ServerErrors = "many requests fail"

// The move of the old database, of internal/migration.
const (
	// ReplicationLag says how far Firestore is behind the old database, in FieldLagSeconds and
	// FieldLagBytes. It has no condition: it comes every few seconds.
	ReplicationLag  = "replication lag"
	FieldLagSeconds = "lagSeconds"
	FieldLagBytes   = "lagBytes"
)

// FieldError is the text of an error, in the lines of every service.
const FieldError = "error"
