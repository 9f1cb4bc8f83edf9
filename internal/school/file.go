// Package school reads the school file: which schools there are, where their course lists come from and when each
// semester is refreshed. The same format serves development and production; docs/add-a-school.md explains it.
package school

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/goccy/go-yaml"

	"heek.kr/heektime/internal/schema"
)

// File is a whole school file.
type File struct {
	Schools []School `yaml:"schools"`
}

// School is one school and its semesters.
type School struct {
	// ID is the Firestore document id, a readable name such as 고려대학교-서울.
	ID string `yaml:"id"`
	// Name is what users see.
	Name string `yaml:"name"`
	// LegacyID is the school's id in the old REST API, "" when it has none.
	LegacyID string `yaml:"legacyId"`
	// Source says where the course list comes from.
	Source Source `yaml:"source"`
	// Periods is the table of class hours.
	Periods []Period `yaml:"periods"`
	// MaxLoss is the share of lectures (0 to 1) that a new list may lack against the published one before it is held
	// back as suspicious; DefaultMaxLoss when absent.
	MaxLoss *float64 `yaml:"maxLoss"`
	// Semesters that are kept fresh.
	Semesters []Semester `yaml:"semesters"`
}

// Source names an adapter of the course service and its options, which docs/add-a-school.md lists.
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
	// Schedule is a cron expression of five fields: when the list is read again. Empty means only by hand.
	Schedule string `yaml:"schedule"`
	// TimeZone is the schedule's; Asia/Seoul when absent.
	TimeZone string `yaml:"timeZone"`
	// Options are added to the school's source options, and win over them.
	Options map[string]string `yaml:"options"`
	// Periods replace the school's in this semester when given.
	Periods []Period `yaml:"periods"`

	zone *time.Location
}

// Period is a class hour as the file writes it; times are "09:00".
type Period struct {
	Period    int       `yaml:"period"`
	TimeBegin TimeOfDay `yaml:"timeBegin"`
	TimeEnd   TimeOfDay `yaml:"timeEnd"`
}

// DefaultMaxLoss is the share of lectures that may vanish from one list to the next without a person having looked at it.
const DefaultMaxLoss = 0.2

// MaxFileBytes bounds a school file.
const MaxFileBytes = 4 << 20

// Read reads the school file at path. ${NAME} in source options is replaced with what lookup says of NAME.
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

// Parse reads a school file from r; see [Read]. A key that is not known, an id that stands twice and everything else that a
// refresh would stumble over is an error that names it.
func Parse(r io.Reader, lookup func(string) (string, bool)) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(data) > MaxFileBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxFileBytes)
	}
	var file File
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, true))
	}
	if err := file.complete(lookup); err != nil {
		return nil, err
	}
	return &file, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in place, so that an address can differ between machines without another file.
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
