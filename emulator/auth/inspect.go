package auth

import (
	"encoding/json"
	"fmt"
	"io"

	"heek.kr/heektime/emulator/internal/account"
)

// Users returns a project's accounts, by uid. They must not be changed.
func (s *Server) Users(project string) (users []*account.User) {
	s.store.View(project, func(tx *account.Tx) { users = tx.Page("", tx.Count()+1) })
	return users
}

// Get returns a project's account by its uid.
func (s *Server) Get(project, localID string) (user *account.User, ok bool) {
	s.store.View(project, func(tx *account.Tx) { user, ok = tx.User(localID) })
	return user, ok
}

// Codes returns the codes that were mailed and texted in a project and are still good, oldest first.
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

// export is the file of one project: its accounts as they are kept, with the hashes of their passwords.
type export struct {
	Kind     string           `json:"kind"`
	Settings account.Settings `json:"settings"`
	Users    []*account.User  `json:"users"`
}

const exportKind = "heektime-emulator-auth-1"

// Export writes a project's accounts and settings as JSON. Codes and sessions in progress are not in it.
func (s *Server) Export(project string, to io.Writer) error {
	out := export{Kind: exportKind, Users: []*account.User{}}
	s.store.View(project, func(tx *account.Tx) {
		out.Settings = tx.Settings()
		out.Users = append(out.Users, tx.Page("", tx.Count()+1)...)
	})
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("auth: export project %s: %w", project, err)
	}
	return nil
}

// Import adds the accounts of an [Server.Export] to a project, and takes its settings. Accounts of the same uid are
// replaced. All of it happens or, when one account can't be taken, nothing.
func (s *Server) Import(project string, from io.Reader) error {
	var in export
	if err := json.NewDecoder(from).Decode(&in); err != nil {
		return fmt.Errorf("auth: import into project %s: %w", project, err)
	}
	if in.Kind != exportKind {
		return fmt.Errorf("auth: import into project %s: the file's kind is %q, not %q", project, in.Kind, exportKind)
	}
	return s.store.Update(project, func(tx *account.Tx) error {
		tx.SetSettings(in.Settings)
		for i, u := range in.Users {
			if u == nil || u.LocalID == "" {
				return fmt.Errorf("auth: import into project %s: account %d has no localId", project, i)
			}
			if u.Hash != nil {
				if err := u.Hash.Check(); err != nil {
					return fmt.Errorf("auth: import into project %s: account %s: %w", project, u.LocalID, err)
				}
			}
			if _, err := tx.Put(*u); err != nil {
				return fmt.Errorf("auth: import into project %s: account %s: %w", project, u.LocalID, err)
			}
		}
		return nil
	})
}

// Page returns up to n of a project's accounts, by uid, after the one with a uid ("" for the first page), and how many
// accounts there are in all. They must not be changed.
func (s *Server) Page(project, after string, n int) (users []*account.User, count int) {
	s.store.View(project, func(tx *account.Tx) { users, count = tx.Page(after, n), tx.Count() })
	return users, count
}

// Find returns a project's account by its uid, e-mail address or phone number.
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
