package auth

import (
	"encoding/json"
	"fmt"
	"io"

	"heek.kr/heektime/emulator/internal/account"
)

// export is an export file of a project: its settings and accounts, including password hashes.
type export struct {
	Kind     string           `json:"kind"`
	Settings account.Settings `json:"settings"`
	Users    []*account.User  `json:"users"`
}

const exportKind = "heektime-emulator-auth-1"

// Export writes a project's accounts and settings as JSON, without OOB and SMS codes.
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

// Import adds the accounts of a [Server.Export] to a project and replaces its settings. Accounts
// with the same uid are replaced. If any account is invalid, nothing is imported.
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
