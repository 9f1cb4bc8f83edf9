package replication

import (
	"errors"
	"fmt"
)

// Problem is a reason why following cannot go on until a person has done something.
type Problem struct {
	// What has happened, and what to do.
	What, Remedy string
	err          error
}

// Error says what has happened and what to do.
func (p *Problem) Error() string {
	if p.err != nil {
		return fmt.Sprintf("%s: %v: %s", p.What, p.err, p.Remedy)
	}
	return p.What + ": " + p.Remedy
}

// Unwrap returns the error behind the problem, nil if there is none.
func (p *Problem) Unwrap() error { return p.err }

func problem(remedy, what string, args ...any) error {
	return &Problem{What: fmt.Sprintf(what, args...), Remedy: remedy}
}

// asProblem returns the problem in an error, nil if there is none.
func asProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}

// copyAgain is the remedy after which Firestore has exactly what the old database has.
const copyAgain = "run heektime migrate copy again; it also removes the documents of rows that are gone"
