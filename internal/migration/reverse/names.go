package reverse

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// putName tells the converter a user's row. Others whose names depend on it may have to be settled.
func (t *transaction) putName(row legacydb.User) { t.noteNames(t.cfg.Converter.Names().Put(row)) }

// removeName tells the converter that a user's row is gone.
func (t *transaction) removeName(key string) { t.noteNames(t.cfg.Converter.Names().Remove(key)) }

// noteNames remembers users until a transaction has settled them: the converter does not report them again
// when the transaction is repeated.
func (t *transaction) noteNames(keys []string) {
	for _, key := range keys {
		t.unsettled[key] = true
	}
}

// settleNames writes the username of the new side into the rows of users who would get another one by
// conversion now, since the user who had the same one before has gone or has another name.
func (t *transaction) settleNames(ctx context.Context) error {
	done := map[string]bool{}
	for {
		var next []string
		for _, key := range slices.Sorted(maps.Keys(t.unsettled)) {
			if !done[key] {
				next = append(next, key)
			}
		}
		if len(next) == 0 {
			return nil
		}
		_, reader, err := t.read(ctx)
		if err != nil {
			return err
		}
		users, err := byKey(ctx, reader, next, func(r *legacydb.User) string { return r.ID })
		if err != nil {
			return err
		}
		for _, key := range next {
			done[key] = true
			if row := users[key]; row != nil {
				if err := t.settleName(ctx, row); err != nil {
					return fmt.Errorf("keep the username of user %s: %w", key, err)
				}
			}
		}
	}
}

func (t *transaction) settleName(ctx context.Context, row *legacydb.User) error {
	ref := schema.UserRef(t.cfg.Client, row.ID)
	documents, _ := t.cfg.Converter.User(*row)
	if ref == nil || documents == nil {
		return nil
	}
	doc, err := ref.Get(ctx)
	if status.Code(err) == codes.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	name := schema.UsernameOf(doc)
	if name == "" || name == documents.User.Fields[schema.FieldUsername] {
		return nil
	}
	row.Username = &name
	if err := saveRow(ctx, t, *row); err != nil {
		return err
	}
	t.putName(*row)
	return nil
}
