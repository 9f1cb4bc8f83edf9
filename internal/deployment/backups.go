package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// backups are the schedules of Firestore's backups: a day's damage is undone with a daily backup, damage
// that nobody noticed for weeks with a weekly one. docs/restore.md explains how. For the last seven days,
// point-in-time recovery has every minute.
func backups() []spec.Backup {
	return []spec.Backup{{
		ID: "daily", Purpose: "undoes damage that is noticed within a week",
		Recurrence: spec.Daily, Retention: 7 * 24 * time.Hour,
	}, {
		ID: "weekly", Purpose: "undoes damage that is noticed late",
		Recurrence: spec.Weekly, Day: time.Sunday, Retention: 14 * 7 * 24 * time.Hour,
	}}
}
