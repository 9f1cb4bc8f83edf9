package simulation

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"heek.kr/heektime/internal/deployment"
)

// Behaviour is how students use HeekTime in a month. The file behaviour.yaml explains the fields and
// has the defaults.
type Behaviour struct {
	RegistrationDays []int `yaml:"registrationDays"`
	Registration     Day   `yaml:"registration"`
	Other            Day   `yaml:"other"`
	Rush             Rush  `yaml:"rush"`

	Hours   []float64 `yaml:"hours"`
	Minutes float64   `yaml:"minutes"`

	Plans    int     `yaml:"plans"`
	Lectures int     `yaml:"lectures"`
	Friends  Friends `yaml:"friends"`

	Clients Clients `yaml:"clients"`
	Warm    Clients `yaml:"warm"`

	SignUps      float64 `yaml:"signUps"`
	SignInsAgain float64 `yaml:"signInsAgain"`
	Schools      int     `yaml:"schools"`
	NewPlans     float64 `yaml:"newPlans"`

	List List      `yaml:"list"`
	Run  Instances `yaml:"run"`
}

// Day is what a student does on a day.
type Day struct {
	Opens    float64 `yaml:"opens"`
	Searches float64 `yaml:"searches"`
	Adds     float64 `yaml:"adds"`
	Removes  float64 `yaml:"removes"`
	Views    float64 `yaml:"views"`
	Lists    float64 `yaml:"lists"`
}

// Rush is when registration opens.
type Rush struct {
	Days    []int   `yaml:"days"`
	At      string  `yaml:"at"`
	Minutes int     `yaml:"minutes"`
	Share   float64 `yaml:"share"`
}

// Friends says who shares timetables.
type Friends struct {
	Share float64 `yaml:"share"`
	Count int     `yaml:"count"`
}

// Clients are shares by kind of client.
type Clients struct {
	Old     float64 `yaml:"old"`
	Field   float64 `yaml:"field"`
	Current float64 `yaml:"current"`
}

// List is the course list, and how often it changes.
type List struct {
	Lectures          int     `yaml:"lectures"`
	Changes           float64 `yaml:"changes"`
	OtherChanges      float64 `yaml:"otherChanges"`
	LecturesPerChange int     `yaml:"lecturesPerChange"`
	Schedule          string  `yaml:"schedule"`
}

// Instances is how long Cloud Run's instances work.
type Instances struct {
	StartUp      int                       `yaml:"startUp"`
	Milliseconds map[string]map[string]int `yaml:"milliseconds"`
}

//go:embed behaviour.yaml
var defaultBehaviour []byte

//go:embed looking.yaml
var lookingBehaviour []byte

// ReadBehaviour reads a behaviour file. "" is the default one, and "looking" a month in which students
// only look.
func ReadBehaviour(path string) (*Behaviour, error) {
	switch path {
	case "":
		return ParseBehaviour("behaviour.yaml", nil)
	case "looking":
		return ParseBehaviour("looking.yaml", lookingBehaviour)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the behaviour: %w; to begin with the default, print it with --print-behaviour", err)
	}
	return ParseBehaviour(path, text)
}

// DefaultBehaviour returns the text of the default behaviour file.
func DefaultBehaviour() []byte { return defaultBehaviour }

// ParseBehaviour parses a behaviour file. What it does not say is as in the default one. Errors begin
// with the name.
func ParseBehaviour(name string, text []byte) (*Behaviour, error) {
	var b Behaviour
	if err := decode(defaultBehaviour, &b); err != nil { // cannot happen: a test decodes it
		return nil, fmt.Errorf("behaviour.yaml: %w", err)
	}
	defaults := b.Run.Milliseconds
	if len(text) > 0 {
		b.Run.Milliseconds = nil
		if err := decode(text, &b); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	b.Run.Milliseconds = merged(defaults, b.Run.Milliseconds)
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &b, nil
}

func decode(text []byte, b *Behaviour) error {
	whole := func(n *int, text []byte) (err error) { // by default, a fraction is cut off
		*n, err = strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		return nil
	}
	err := yaml.UnmarshalWithOptions(text, b, yaml.Strict(), yaml.CustomUnmarshaler(whole))
	if err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	return nil
}

// merged returns the entries of both maps. Those of the second replace those of the first.
func merged(first, second map[string]map[string]int) map[string]map[string]int {
	all := map[string]map[string]int{}
	for _, from := range []map[string]map[string]int{first, second} {
		for service, paths := range from {
			if all[service] == nil {
				all[service] = map[string]int{}
			}
			maps.Copy(all[service], paths)
		}
	}
	return all
}

// maxRate bounds what a student does on a day, so that a misplaced decimal point is an error and not a
// week of computing.
const maxRate = 200

// check rejects values that make no sense. It is long because it names each.
func (b *Behaviour) check() error {
	var errs []error
	within := func(name string, v, low, high float64) {
		if !(v >= low && v <= high) { // also not a number
			errs = append(errs, fmt.Errorf("%s is %v; it must be from %v to %v", name, v, low, high))
		}
	}
	for name, d := range map[string]Day{"registration": b.Registration, "other": b.Other} {
		within(name+".opens", d.Opens, 0, maxRate)
		within(name+".searches", d.Searches, 0, 1)
		within(name+".adds", d.Adds, 0, maxRate)
		within(name+".removes", d.Removes, 0, maxRate)
		within(name+".views", d.Views, 0, 1)
		within(name+".lists", d.Lists, 0, 1)
	}
	for name, days := range map[string][]int{"registrationDays": b.RegistrationDays, "rush.days": b.Rush.Days} {
		for _, day := range days {
			within(name, float64(day), 1, 31)
		}
	}
	if _, err := b.Rush.start(); err != nil {
		errs = append(errs, err)
	}
	within("rush.minutes", float64(b.Rush.Minutes), 1, 24*60)
	within("rush.share", b.Rush.Share, 0, 1)
	within("the number of hours", float64(len(b.Hours)), 24, 24)
	total := 0.0
	for _, w := range b.Hours {
		within("a weight in hours", w, 0, 1e6)
		total += w
	}
	within("the sum of hours", total, 1e-6, 24e6)
	within("minutes", b.Minutes, 0.1, 24*60)
	within("plans", float64(b.Plans), 1, 20)
	within("lectures", float64(b.Lectures), 0, 30)
	within("friends.share", b.Friends.Share, 0, 1)
	within("friends.count", float64(b.Friends.Count), 0, 100)
	for name, c := range map[string]Clients{"clients": b.Clients, "warm": b.Warm} {
		within(name+".old", c.Old, 0, 1)
		within(name+".field", c.Field, 0, 1)
		within(name+".current", c.Current, 0, 1)
	}
	within("the sum of clients", b.Clients.Old+b.Clients.Field+b.Clients.Current, 0.999999, 1.000001)
	within("signUps", b.SignUps, 0, 1)
	within("signInsAgain", b.SignInsAgain, 0, 1)
	within("schools", float64(b.Schools), 1, 1000)
	within("newPlans", b.NewPlans, 0, 17)
	within("list.lectures", float64(b.List.Lectures), 20, 100_000)
	within("list.changes", b.List.Changes, 0, maxRate)
	within("list.otherChanges", b.List.OtherChanges, 0, maxRate)
	within("list.lecturesPerChange", float64(b.List.LecturesPerChange), 1, 1000)
	within("run.startUp", float64(b.Run.StartUp), 0, 60_000)
	for service, paths := range b.Run.Milliseconds {
		if _, ok := deployment.Table().Service(service); !ok {
			errs = append(errs, fmt.Errorf("run.milliseconds: there is no service %q", service))
		}
		for path, ms := range paths {
			within("run.milliseconds."+service+"."+path, float64(ms), 1, 900_000)
		}
	}
	return errors.Join(errs...)
}

// start returns the time after midnight at which registration opens.
func (r Rush) start() (time.Duration, error) {
	at, err := time.Parse("15:04", r.At)
	if err != nil {
		return 0, fmt.Errorf(`rush.at is %q; write it as "09:55"`, r.At)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}
