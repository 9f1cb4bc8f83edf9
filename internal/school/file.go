// Package school reads the school file: the schools, where their course lists come from, and when each
// semester is refreshed. Development and production use the same format, which docs/add-a-school.md
// explains.
//
// [Read] parses and validates the file. [File.Find] looks up a semester, [Semester.Slot] evaluates its
// schedule, and [School.SourceOptions] and [School.PeriodsOf] return what the course service needs.
package school

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"heek.kr/heektime/internal/schema"
)

// File is a school file.
type File struct {
	Schools []School `yaml:"schools"`
}

// School is one school and its semesters.
type School struct {
	// ID is the ID of the Firestore document, a readable name such as 고려대학교-서울.
	ID string `yaml:"id"`
	// Name is the name that users see.
	Name string `yaml:"name"`
	// LegacyID is the school's ID in the old REST API, "" if it has none.
	LegacyID string `yaml:"legacyId"`
	// Source is where the course list comes from.
	Source Source `yaml:"source"`
	// Periods is the table of periods.
	Periods []Period `yaml:"periods"`
	// MaxLoss is the share of lectures (0 to 1) that a new list may lose against the published one. A
	// list that loses more is held back as suspicious. The default is DefaultMaxLoss.
	MaxLoss *float64 `yaml:"maxLoss"`
	// Semesters are the semesters to refresh.
	Semesters []Semester `yaml:"semesters"`
}

// Source is an adapter of the course service and its options; docs/add-a-school.md lists both.
type Source struct {
	Adapter string            `yaml:"adapter"`
	Options map[string]string `yaml:"options"`
}

// Semester is one semester of a school.
type Semester struct {
	ID     schema.SemesterID     `yaml:"id"`
	Year   int                   `yaml:"year"`
	Term   schema.Term           `yaml:"term"`
	Status schema.SemesterStatus `yaml:"status"`
	// Schedule is a cron expression of five fields for the refreshes. Without it, the list is refreshed
	// only manually.
	Schedule string `yaml:"schedule"`
	// TimeZone is the time zone of the schedule. The default is Asia/Seoul.
	TimeZone string `yaml:"timeZone"`
	// Options are added to the school's source options and override them.
	Options map[string]string `yaml:"options"`
	// Periods replaces the school's periods in this semester.
	Periods []Period `yaml:"periods"`
	// FirstDay and LastDay are the first and last day of classes. Without them, calendars use the days that
	// are usual in Korea.
	FirstDay schema.Date `yaml:"firstDay"`
	LastDay  schema.Date `yaml:"lastDay"`
	// Holidays are days without classes that are not public holidays, ClassDays public holidays with classes.
	Holidays  []schema.Date `yaml:"holidays"`
	ClassDays []schema.Date `yaml:"classDays"`

	zone *time.Location
}

// Period is one period of the school's table. Times are written "09:00".
type Period struct {
	Period    int       `yaml:"period"`
	TimeBegin TimeOfDay `yaml:"timeBegin"`
	TimeEnd   TimeOfDay `yaml:"timeEnd"`
}

// DefaultMaxLoss is the share of lectures that a new list may lose without being held back for review.
const DefaultMaxLoss = 0.2

// MaxFileBytes is the maximum size of a school file.
const MaxFileBytes = 4 << 20

// Read reads the school file at path. In source options, ${NAME} is replaced with the environment
// variable that lookup returns for NAME.
func Read(path string, lookup func(string) (string, bool)) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open school file: %w", err)
	}
	defer f.Close()
	file, err := Parse(f, lookup)
	if err != nil {
		return nil, fmt.Errorf("school file %s: %w", path, err)
	}
	return file, nil
}

// Parse parses a school file; see [Read]. It validates everything that a refresh depends on. The error
// names each mistake, such as an unknown key or a duplicated ID.
func Parse(r io.Reader, lookup func(string) (string, bool)) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(data) > MaxFileBytes {
		return nil, fmt.Errorf("file is larger than %d bytes", MaxFileBytes)
	}
	file, err := decode(data)
	if err != nil {
		return nil, err
	}
	if err := file.validate(lookup); err != nil {
		return nil, err
	}
	return file, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in the options, so that one file works on machines with different URLs.
func expand(options map[string]string, lookup func(string) (string, bool)) error {
	var missing error
	for key, value := range options {
		options[key] = variable.ReplaceAllStringFunc(value, func(ref string) string {
			name := variable.FindStringSubmatch(ref)[1]
			v, ok := lookup(name)
			if !ok {
				missing = fmt.Errorf("option %s: environment variable %s is not set", key, name)
			}
			return v
		})
	}
	return missing
}
