package olddata

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// filler copies table after table until the first error.
type filler struct {
	ctx  context.Context
	conn *pgx.Conn
	g    *Generator
	err  error
}

// part returns the n-th part of a table's rows, ok = false after the last.
type part func(n int) (rows [][]any, ok bool)

func (f *filler) copy(table, columns string, of part) (rows int64) {
	if f.err != nil {
		return 0
	}
	rows, err := f.conn.CopyFrom(f.ctx, pgx.Identifier{table}, strings.Fields(columns), &source{of: of})
	if err != nil {
		f.err = fmt.Errorf("fill %s: %w", table, err)
	}
	return rows
}

// source implements pgx.CopyFromSource.
type source struct {
	of   part
	next int
	rows [][]any
}

func (s *source) Next() bool {
	if len(s.rows) > 0 {
		s.rows = s.rows[1:]
	}
	for len(s.rows) == 0 {
		rows, ok := s.of(s.next)
		if !ok {
			return false
		}
		s.next++
		s.rows = rows
	}
	return true
}

func (s *source) Values() ([]any, error) { return s.rows[0], nil }
func (s *source) Err() error             { return nil }

func slicePart[T any](all []T, row func(T) []any) part {
	return func(n int) ([][]any, bool) {
		if n == len(all) {
			return nil, false
		}
		return [][]any{row(all[n])}, true
	}
}

// users returns rows made from each user.
func (f *filler) users(rowsOf func(u *User, yield func(...any))) part {
	return func(n int) (rows [][]any, ok bool) {
		if n == f.g.Len() {
			return nil, false
		}
		rowsOf(f.g.User(n), func(row ...any) { rows = append(rows, row) })
		return rows, true
	}
}

// lectures returns rows made from each lecture.
func (f *filler) lectures(rowsOf func(l *Lecture, yield func(...any))) part {
	return f.users(func(u *User, yield func(...any)) {
		for _, t := range u.Timetables {
			for _, l := range t.Lectures {
				rowsOf(l, yield)
			}
		}
	})
}

// uuidOf parses an id for the binary format of COPY.
func uuidOf(id string) [16]byte { return uuid.MustParse(id) }

func uuidOrNull(id *string) any {
	if id == nil {
		return nil
	}
	return uuidOf(*id)
}
