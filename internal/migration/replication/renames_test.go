package replication_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/internal/longtest"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/replication"
)

// as makes the next sign-ins those of the i-th user, and returns the user.
func (s *signing) as(i int) *olddata.User {
	s.user = s.w.Data.User(i)
	return s.user
}

// rename returns SQL that gives a user a username.
func rename(u *olddata.User, name string) string {
	return fmt.Sprintf("UPDATE users SET username = '%s', updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = '%s';", name, u.ID)
}

// ring returns the SQL statements by which the first n users pass their names on. The first one frees a name.
func (s *signing) ring(n int) (statements []string) {
	first := s.w.Data.User(0)
	statements = append(statements, rename(first, "a temporary name"))
	for i := n - 1; i > 0; i-- {
		statements = append(statements, rename(s.w.Data.User(i), *s.w.Data.User((i + 1) % n).Username))
	}
	return append(statements, rename(first, *s.w.Data.User(1).Username))
}

// requireRing checks that each of the first n users signs in with the name of the next one, and their own password.
func (s *signing) requireRing(n int) {
	s.Helper()
	for i := range n {
		next := s.w.Data.User((i + 1) % n)
		s.user = &olddata.User{ID: s.w.Data.User(i).ID, Username: next.Username}
		s.valid(s.w.Data.User(i).Password, next.Password)
		if account, err := s.accounts.GetUser(s.Context(), s.user.ID); err != nil || account.Email != *next.Username+"@user.heektime.heek.kr" {
			s.Errorf("user %d has the address %v (%v), want that of %s", i, account.Email, err, *next.Username)
		}
	}
}

// Users who exchange names on the old side sign in with their new name and their own password on the new side, whoever
// of them has moved to Authentication already. It is long because of its table.
func TestExchangedNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		users int
		// moved are the users who have signed in on the new side.
		moved []int
		// together makes one transaction of all statements.
		together, beforeFollow bool
	}{
		"two, in one transaction":                {users: 2, moved: []int{0, 1}, together: true},
		"a ring of three, one transaction each":  {users: 3, moved: []int{0, 1, 2}},
		"a ring of four, of whom two have moved": {users: 4, moved: []int{0, 2}, together: true},
		"a ring of three, before follow starts":  {users: 3, moved: []int{0, 1, 2}, beforeFollow: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigning(t)
			for _, i := range c.moved {
				s.valid(s.as(i).Password)
			}
			statements := s.ring(c.users)
			if c.together {
				statements = []string{"BEGIN; " + strings.Join(statements, " ") + " COMMIT"}
			}
			if !c.beforeFollow {
				s.follow()
				s.w.drain(t)
			}
			for _, sql := range statements {
				s.w.Exec(t, sql)
				if !c.beforeFollow && !c.together {
					s.w.drain(t)
				}
			}
			if c.beforeFollow {
				s.follow()
			}
			s.w.drain(t)
			s.requireRing(c.users)
		})
	}
}

// dying fails at the n-th change of an address, before or after it was made, as if follow had been killed there.
type dying struct {
	passwords.Authentication
	after bool
	n     int
}

func (d *dying) ChangeAddress(ctx context.Context, uid, from, to string) (string, error) {
	d.n--
	if d.n == 0 && !d.after {
		return "", errors.New("killed")
	}
	holder, err := d.Authentication.ChangeAddress(ctx, uid, from, to)
	if d.n == 0 {
		return "", errors.New("killed")
	}
	return holder, err
}

func TestExchangedNamesAfterInterruption(t *testing.T) {
	t.Parallel()
	changes := []int{3}
	if longtest.Enabled() {
		changes = []int{1, 3, 4}
	}
	for _, n := range changes {
		for _, after := range []bool{false, true} {
			s := newSigning(t)
			for i := range 3 {
				s.valid(s.as(i).Password)
			}
			s.w.Exec(t, "BEGIN; "+strings.Join(s.ring(3), " ")+" COMMIT")
			s.follow(func(cfg *replication.Config) { cfg.Accounts = &dying{s.firebase, after, n} })
			s.w.drain(t)
			if s.requireRing(3); t.Failed() {
				t.Fatalf("interrupted at change %d, after it was made: %v", n, after)
			}
		}
	}
}

// An older user takes the name that a younger one has, differing in case only. The younger one gets a suffix, also to
// sign in; and the name back when the older one has another.
func TestNameTakenByOlderUser(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	older, younger := s.w.Data.User(0), s.w.Data.User(1)
	s.w.Exec(t, "UPDATE users SET created_at = '2000-01-01' WHERE id = '"+older.ID+"'")
	name := *younger.Username
	for i := range 2 {
		s.valid(s.as(i).Password)
	}
	s.follow()
	s.w.drain(t)
	s.w.Exec(t, rename(older, strings.ToUpper(name)))
	s.w.drain(t)
	s.user = &olddata.User{ID: older.ID, Username: &name}
	s.valid(older.Password, younger.Password)
	s.w.Exec(t, rename(older, "another name"))
	s.w.drain(t)
	s.as(1)
	s.valid(younger.Password, older.Password)
}
