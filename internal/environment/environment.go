// Package environment reads a service's settings from its environment variables: on Cloud Run they are the only place that
// settings and secrets come from.
package environment

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Variables reads settings and remembers everything that was wrong with them, so that one start names all of it.
type Variables struct {
	lookup func(string) (string, bool)
	errs   []error
}

// Process reads the process's own environment.
func Process() *Variables { return &Variables{lookup: os.LookupEnv} }

// Map reads from m instead of the process, for several services within one process.
func Map(m map[string]string) *Variables {
	return &Variables{lookup: func(name string) (string, bool) { v, ok := m[name]; return v, ok }}
}

// Required is the value of name. An absent or empty one makes [Variables.Err] say what it is for.
func (v *Variables) Required(name, purpose string) string {
	value, _ := v.lookup(name)
	if value == "" {
		v.errs = append(v.errs, fmt.Errorf("environment variable %s is not set: %s", name, purpose))
	}
	return value
}

// Optional is the value of name, or fallback when it is absent or empty.
func (v *Variables) Optional(name, fallback string) string {
	if value, _ := v.lookup(name); value != "" {
		return value
	}
	return fallback
}

// RequiredList is the comma-separated value of name without empty parts. An empty list is an error, like [Variables.Required].
func (v *Variables) RequiredList(name, purpose string) []string {
	return split(v.Required(name, purpose))
}

// OptionalList is the comma-separated value of name without empty parts, nil when it is absent.
func (v *Variables) OptionalList(name string) []string {
	return split(v.Optional(name, ""))
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

// OptionalInt is the whole number that name has, or fallback when it is absent or empty. Another value makes [Variables.Err] say
// the bounds.
func (v *Variables) OptionalInt(name string, fallback, least, most int) int {
	text := v.Optional(name, strconv.Itoa(fallback))
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		v.errs = append(v.errs, fmt.Errorf("environment variable %s is %q, want a whole number from %d to %d", name, text, least, most))
		return fallback
	}
	return n
}

// Lookup is the raw value of name and whether it is set.
func (v *Variables) Lookup(name string) (string, bool) { return v.lookup(name) }

// Err says everything that is missing or wrong, nil when nothing is.
func (v *Variables) Err() error { return errors.Join(v.errs...) }
