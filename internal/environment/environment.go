// Package environment reads a service's settings from environment variables. On Cloud Run, settings
// and secrets have no other source.
package environment

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Variables reads settings. It collects all errors, so that a failed start reports them together.
type Variables struct {
	lookup func(string) (string, bool)
	reads  []Read
	errs   []error
}

// Read records that a variable was read, and how.
type Read struct {
	Name string
	// Required means that the service does not start without a value.
	Required bool
	// Fallback is the default of an optional variable.
	Fallback string
}

// Process reads the environment of the process.
func Process() *Variables { return &Variables{lookup: os.LookupEnv} }

// Map reads from m instead, for several services in one process.
func Map(m map[string]string) *Variables {
	return &Variables{lookup: func(name string) (string, bool) { v, ok := m[name]; return v, ok }}
}

// Reads lists the variables that were read, in order.
func (v *Variables) Reads() []Read { return v.reads }

func (v *Variables) read(name string, required bool, fallback string) string {
	v.reads = append(v.reads, Read{name, required, fallback})
	value, _ := v.lookup(name)
	return value
}

// Required returns the value of name. If it is absent or empty, [Variables.Err] reports its purpose.
func (v *Variables) Required(name, purpose string) string {
	value := v.read(name, true, "")
	if value == "" {
		v.errs = append(v.errs, fmt.Errorf("environment variable %s is not set: %s", name, purpose))
	}
	return value
}

// Optional returns the value of name, or fallback if it is absent or empty.
func (v *Variables) Optional(name, fallback string) string {
	if value := v.read(name, false, fallback); value != "" {
		return value
	}
	return fallback
}

// RequiredList returns the comma-separated values of name, without empty ones. An absent or empty
// variable is an error, as for [Variables.Required].
func (v *Variables) RequiredList(name, purpose string) []string {
	return split(v.Required(name, purpose))
}

// OptionalList returns the comma-separated values of name, without empty ones, or fallback if it is
// absent or empty.
func (v *Variables) OptionalList(name string, fallback ...string) []string {
	return split(v.Optional(name, strings.Join(fallback, ",")))
}

func split(value string) []string {
	var list []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// OptionalMatch returns the value of name, or fallback if it is absent or empty. If the value does not match
// pattern, [Variables.Err] reports it, and that it wants want.
func (v *Variables) OptionalMatch(name, fallback string, pattern *regexp.Regexp, want string) string {
	text := v.Optional(name, fallback)
	if !pattern.MatchString(text) {
		v.errs = append(v.errs, fmt.Errorf("environment variable %s is %q, want %s", name, text, want))
		return fallback
	}
	return text
}

// OptionalInt returns the integer value of name, or fallback if it is absent or empty. If the value is not
// an integer from least to most, [Variables.Err] reports it.
func (v *Variables) OptionalInt(name string, fallback, least, most int) int {
	text := v.Optional(name, strconv.Itoa(fallback))
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		v.errs = append(v.errs, fmt.Errorf("environment variable %s is %q, want a whole number from %d to %d", name, text, least, most))
		return fallback
	}
	return n
}

// Lookup returns the raw value of name, and whether it is set.
func (v *Variables) Lookup(name string) (string, bool) { return v.lookup(name) }

// Err reports everything that is missing or malformed.
func (v *Variables) Err() error { return errors.Join(v.errs...) }
