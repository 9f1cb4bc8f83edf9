package passwords

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/email"
)

// AnyOldAddress stands for an unknown address of the old domain, which has only those that usernames make.
const AnyOldAddress = "*"

// Rename is a user who signs in with another address, because the old server has changed a username.
type Rename struct{ UID, From, To string }

// Rename changes addresses in Authentication. Passwords stay. It ends the sessions of new apps, as each change of an
// address does.
//
// Users exchange names, and two accounts never have the same address. So an account that has the address of another,
// and is called something else itself, first gets an address that no user has, and then its own. addressOf returns the
// address that a user should have, "" for accounts of the new side. An account that should have its address keeps it.
//
// If Rename is interrupted, the next one completes it, provided that it is called with the same renames.
func (s *Store) Rename(ctx context.Context, renames []Rename, addressOf func(uid string) string) error {
	if s.accounts == nil {
		return nil
	}
	if !s.resumed {
		if err := s.resumeRenames(ctx, addressOf); err != nil {
			s.resumed = false
			return err
		}
	}
	moved := map[string]bool{} // holders, each at most once
	for len(renames) > 0 {
		r := renames[0]
		if len(r.UID) > maxUID {
			renames = renames[1:]
			continue
		}
		holder, err := s.accounts.ChangeAddress(ctx, r.UID, r.From, r.To)
		if err != nil {
			return err
		}
		own := ""
		if holder != "" && !moved[holder] {
			own = addressOf(holder)
		}
		if own == "" || own == r.To {
			if r.From == between(r.UID) {
				if err := s.renamed(ctx, r.UID); err != nil {
					return err
				}
			}
			renames = renames[1:]
			continue
		}
		moved[holder] = true
		if err := s.moveAway(ctx, holder, r.To); err != nil {
			return err
		}
		renames = append(renames, Rename{holder, between(holder), own})
	}
	return nil
}

// moveAway gives an account an address that no user has, and remembers that it has to get its own.
func (s *Store) moveAway(ctx context.Context, uid, from string) error {
	if _, err := s.conn.Exec(ctx, "INSERT INTO heektime_migration.renames VALUES ($1) ON CONFLICT DO NOTHING", uid); err != nil {
		return fmt.Errorf("remember who is being renamed: %w", err)
	}
	if _, err := s.accounts.ChangeAddress(ctx, uid, from, between(uid)); err != nil {
		return fmt.Errorf("free an address for another user: %w", err)
	}
	return nil
}

func (s *Store) renamed(ctx context.Context, uid string) error {
	if _, err := s.conn.Exec(ctx, "DELETE FROM heektime_migration.renames WHERE uid = $1", uid); err != nil {
		return fmt.Errorf("remember who was renamed: %w", err)
	}
	return nil
}

// resumeRenames gives their own addresses to accounts that an interrupted rename has moved away.
func (s *Store) resumeRenames(ctx context.Context, addressOf func(uid string) string) error {
	rows, err := s.conn.Query(ctx, "SELECT uid FROM heektime_migration.renames")
	if err != nil {
		return fmt.Errorf("read whose rename was interrupted: %w", err)
	}
	uids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read whose rename was interrupted: %w", err)
	}
	s.resumed = true
	for _, uid := range uids {
		if to := addressOf(uid); to != "" {
			if err := s.Rename(ctx, []Rename{{uid, between(uid), to}}, addressOf); err != nil {
				return err
			}
		}
	}
	return nil
}

// between returns the address of an account while another gets its former one. It is a digest, which no username is
// by chance.
func between(uid string) string {
	sum := sha256.Sum256([]byte("renamed " + uid))
	return "renamed-" + hex.EncodeToString(sum[:])[:40] + "@" + email.OldDomain
}
