// Package logline names the log lines that alerts depend on: their messages, and the fields that
// alerts read. Services write these lines with the constants, and the alerts in internal/deployment
// match them by the constants, so neither can change alone.
package logline

// Refresh, of internal/refresh.
const (
	// RefreshesEnqueued says that /schedule ran. It has no condition: it comes every few minutes.
	RefreshesEnqueued = "due refreshes enqueued"
	// RefreshPrefix begins the message of every refresh; the outcome follows.
	RefreshPrefix = "refresh "
	// FieldOutcome is what came of a refresh or of a sign-in.
	FieldOutcome = "outcome"
	// FieldRetry says whether Cloud Tasks tries the refresh again.
	FieldRetry = "retry"
	// FieldSchool and FieldSemester say which list a refresh is about.
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
	// PurgeLate says that an account should have been purged by now.
	PurgeLate = "the purge of an account is late"
)

// Sign-in, of internal/auth, and the calls of compat-server.
const (
	SignIn = "sign-in"
	// OutcomeWrong and OutcomeTooMany are outcomes of rejected sign-ins.
	OutcomeWrong   = "wrong-credentials"
	OutcomeTooMany = "too-many-attempts"

	// Call is a call of an old client, FieldCall its method and path, FieldCode the code of its response.
	Call      = "call"
	FieldCall = "call"
	FieldCode = "code"
	// CallSignIn is the call that signs in.
	CallSignIn = "POST /apis/v2/auth/token"
	// CodeWrong and CodeTooMany are codes of rejected sign-ins; old clients depend on the first.
	CodeWrong   = "AL001"
	CodeTooMany = "RQ005"
)

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
