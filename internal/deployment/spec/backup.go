package spec

import (
	"fmt"
	"strings"
	"time"
)

// Backup is a schedule of backups of the Firestore database that services use.
type Backup struct {
	ID      string
	Purpose string
	// Recurrence is how often a backup is made. Google chooses the time of day.
	Recurrence Recurrence
	// Day is the day of a [Weekly] backup.
	Day time.Weekday
	// Retention is how long a backup is kept.
	Retention time.Duration
}

// Recurrence is how often a backup is made.
type Recurrence string

// The recurrences.
const (
	Daily  Recurrence = "daily"
	Weekly Recurrence = "weekly"
)

// maxRetention is 14 weeks.
//
// Source: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.backupSchedules
const maxRetention = 14 * 7 * 24 * time.Hour

// DayOfWeek is the day of a weekly backup as Google's API names it, "" for a daily one.
//
// Source: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.backupSchedules#DayOfWeek
func (b *Backup) DayOfWeek() string {
	if b.Recurrence != Weekly {
		return ""
	}
	return strings.ToUpper(b.Day.String())
}

// RetentionSeconds is the retention as Google's API writes a duration: "604800s".
func (b *Backup) RetentionSeconds() string { return fmt.Sprintf("%ds", int64(b.Retention/time.Second)) }

// checkBackups checks the schedules. A database has at most one daily and one weekly schedule.
//
// Source: https://cloud.google.com/firestore/docs/backups#create_a_backup_schedule
func (d *Deployment) checkBackups(f *faults) {
	seen, recurrences := map[string]bool{}, map[string]bool{}
	for _, b := range d.Backups {
		f := f.in("backup", b.ID)
		f.unique(seen, b.ID)
		f.unique(recurrences, string(b.Recurrence))
		if b.Recurrence != Daily && b.Recurrence != Weekly {
			f.addf("recurrence %q: Firestore makes daily and weekly backups", b.Recurrence)
		}
		if b.Recurrence == Daily && b.Day != 0 {
			f.addf("a daily backup has no day of the week")
		}
		if b.Day < time.Sunday || b.Day > time.Saturday {
			f.addf("day %d is not a day of the week", int(b.Day))
		}
		if b.Retention <= 0 || b.Retention > maxRetention || b.Retention%time.Second != 0 {
			f.addf("retention %v: Firestore keeps backups for up to 14 weeks, in whole seconds", b.Retention)
		}
	}
}
