package auth

import (
	"heek.kr/heektime/emulator/internal/account"
)

// Users returns a project's accounts, ordered by uid. Callers must not change them.
func (s *Server) Users(project string) (users []*account.User) {
	s.store.View(project, func(tx *account.Tx) { users = tx.Page("", tx.Count()+1) })
	return users
}

// Get returns the account with a uid.
func (s *Server) Get(project, localID string) (user *account.User, ok bool) {
	s.store.View(project, func(tx *account.Tx) { user, ok = tx.User(localID) })
	return user, ok
}

// Codes returns a project's valid OOB and SMS codes, oldest first.
func (s *Server) Codes(project string) (codes []account.Code) {
	s.store.View(project, func(tx *account.Tx) { codes = tx.Codes() })
	return codes
}

// Projects returns the ids of the projects that have accounts, codes or settings of their own.
func (s *Server) Projects() []string { return s.store.Projects() }

// Reset removes a project's accounts. Codes and settings stay, as in the official emulator.
func (s *Server) Reset(project string) error {
	return s.store.Update(project, func(tx *account.Tx) error {
		tx.Clear()
		return nil
	})
}

// Page returns up to n of a project's accounts, ordered by uid and starting after the uid after (""
// for the first page), and the total number of accounts. Callers must not change the accounts.
func (s *Server) Page(project, after string, n int) (users []*account.User, count int) {
	s.store.View(project, func(tx *account.Tx) { users, count = tx.Page(after, n), tx.Count() })
	return users, count
}

// Find returns the account whose uid, email address or phone number is text.
func (s *Server) Find(project, text string) (user *account.User, ok bool) {
	s.store.View(project, func(tx *account.Tx) {
		for _, by := range []func(string) (*account.User, bool){tx.User, tx.ByEmail, tx.ByPhone} {
			if user, ok = by(text); ok {
				return
			}
		}
	})
	return user, ok
}
