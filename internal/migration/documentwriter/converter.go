package documentwriter

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
)

// LoadConverter returns a converter with all users, schools and semesters as they are now.
func LoadConverter(ctx context.Context, client *firestore.Client, db *legacydb.DB) (*conversion.Converter, error) {
	r, err := db.Reader(ctx, "")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return ReadConverter(ctx, client, db.Mapping, r)
}

// ReadConverter returns a converter with all users, schools and semesters of a reader.
func ReadConverter(ctx context.Context, client *firestore.Client, mapping *legacydb.Mapping, r *legacydb.Reader) (*conversion.Converter, error) {
	names := conversion.NewNames(mapping)
	for user, err := range legacydb.Rows[legacydb.User](ctx, r, "") {
		if err != nil {
			return nil, fmt.Errorf("read all users: %w", err)
		}
		names.Put(user)
	}
	return NewConverter(ctx, client, mapping, r, names)
}

// NewConverter returns a converter with all schools and semesters of a reader, and the names of users.
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
