package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

// The files of an export in the layout of the official suite. hashesFile is ours: the official emulator keeps
// passwords as they are, so its accounts have no other hashes.
const (
	accountsFile = "accounts.json"
	configFile   = "config.json"
	hashesFile   = "hashes.json"
)

// officialUser is an account of an export. A password that is known stands in the hash, as the official emulator has
// it; others are in hashesFile.
type officialUser struct {
	userInfo
	PasswordHash string `json:"passwordHash,omitempty"`
	Salt         string `json:"salt,omitempty"`
}

// exportSalt is the salt of all hashes of an export. They hide nothing.
const exportSalt = "fakeSalt"

// ExportOfficial writes a project's accounts and settings to a folder, in the layout of the official suite. Passwords
// that this process has seen are in it as plain text, as in the official suite's exports, or the official emulator
// could not check them.
func (s *Server) ExportOfficial(project, dir string) error {
	var config emulatorConfig
	users, hashes := []officialUser{}, map[string]*password.Hash{}
	s.store.View(project, func(tx *account.Tx) {
		config = newEmulatorConfig(tx.Settings())
		for _, u := range tx.Page("", tx.Count()+1) {
			out := officialUser{userInfo: newUserInfo(u, false)}
			switch {
			case u.Hash == nil:
			case u.Hash.Plain() != "":
				out.Salt, out.PasswordHash = exportSalt, officialHash+exportSalt+":password="+u.Hash.Plain()
			default:
				hashes[u.LocalID] = u.Hash
			}
			users = append(users, out)
		}
	})
	files := map[string]any{configFile: config, accountsFile: map[string]any{"kind": "identitytoolkit#DownloadAccountResponse", "users": users}}
	if len(hashes) > 0 {
		files[hashesFile] = hashes
	}
	for name, content := range files {
		text, err := json.MarshalIndent(content, "", "  ")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), append(text, '\n'), 0o600)
		}
		if err != nil {
			return fmt.Errorf("auth: export project %s: %w", project, err)
		}
	}
	return nil
}

// ImportOfficial adds the accounts of a folder that [Server.ExportOfficial] or the official suite has written, and
// replaces the settings. Accounts with the same uid are replaced. leftOut are sentences about what this emulator does
// not have. If anything is wrong, nothing is imported.
func (s *Server) ImportOfficial(project, dir string) (leftOut []string, err error) {
	var config *emulatorConfig
	var accounts struct{ Users []importedUser }
	var hashes map[string]*password.Hash
	for name, into := range map[string]any{configFile: &config, accountsFile: &accounts, hashesFile: &hashes} {
		if err := readOptional(filepath.Join(dir, name), into); err != nil {
			return nil, fmt.Errorf("auth: import: %w", err)
		}
	}
	fail := func(id string, err error) error {
		return fmt.Errorf("auth: import %s: account %s: %w", filepath.Join(dir, accountsFile), id, err)
	}
	var users []account.User
	for _, in := range accounts.Users {
		if len(in.MFAInfo) > 0 {
			leftOut = append(leftOut, "the account "+in.LocalID+": this emulator has no second factors")
			continue
		}
		if hash := hashes[in.LocalID]; hash == nil && in.PasswordHash != "" && !strings.HasPrefix(in.PasswordHash, officialHash) {
			leftOut = append(leftOut, "the password of the account "+in.LocalID+": its hash is not one of the official emulator")
			in.PasswordHash = ""
		}
		u, err := in.toAccount(password.Parameters{})
		if err != nil {
			return nil, fail(in.LocalID, err)
		}
		if hash := hashes[u.LocalID]; hash != nil {
			if err := hash.Check(); err != nil {
				return nil, fail(in.LocalID, err)
			}
			u.Hash = hash
		}
		users = append(users, u)
	}
	tenants, err := filepath.Glob(filepath.Join(dir, "accounts-*.json"))
	for _, path := range tenants {
		leftOut = append(leftOut, path+": this emulator has no tenants")
	}
	if err != nil {
		return nil, fmt.Errorf("auth: import: %w", err)
	}
	return leftOut, s.store.Update(project, func(tx *account.Tx) error {
		if config != nil {
			tx.SetSettings(config.apply(tx.Settings()))
		}
		for _, u := range users {
			if _, err := tx.Put(u); err != nil {
				return fail(u.LocalID, err)
			}
		}
		return nil
	})
}

// readOptional reads a file of JSON, if there is one.
func readOptional(path string, into any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// ProjectsWithAccounts returns the IDs of the projects that have accounts, in order.
func (s *Server) ProjectsWithAccounts() []string {
	return slices.DeleteFunc(s.Projects(), func(project string) bool {
		_, n := s.Page(project, "", 1)
		return n == 0
	})
}
