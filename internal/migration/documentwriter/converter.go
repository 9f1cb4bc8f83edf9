package documentwriter

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
)

// NewConverter returns a converter with all schools and semesters of a reader.
func NewConverter(ctx context.Context, client *firestore.Client, mapping *legacydb.Mapping, r *legacydb.Reader,
	names *conversion.Names,
) (*conversion.Converter, error) {
	cfg := conversion.Config{Client: client, Mapping: mapping, Names: names}
	for row, err := range legacydb.Rows[legacydb.School](ctx, r, "") {
		if err != nil {
			return nil, fmt.Errorf("read all schools: %w", err)
		}
		cfg.Schools = append(cfg.Schools, row)
	}
	for row, err := range legacydb.Rows[legacydb.Semester](ctx, r, "") {
		if err != nil {
			return nil, fmt.Errorf("read all semesters: %w", err)
		}
		cfg.Semesters = append(cfg.Semesters, row)
	}
	return conversion.New(cfg), nil
}

// SetConverter replaces the converter by one with the same names, when schools or semesters have changed.
func (a *Accounts) SetConverter(converter *conversion.Converter) { a.converter = converter }
