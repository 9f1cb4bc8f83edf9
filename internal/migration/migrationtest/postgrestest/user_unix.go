//go:build unix

package postgrestest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// unprivileged makes a command run as a user other than root, since PostgreSQL refuses to run as root, and
// gives that user the folder. If the test does not run as root, it changes nothing.
func unprivileged(command *exec.Cmd, folder string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := serverUser()
	if err != nil {
		return err
	}
	if err := os.Chown(folder, int(uid), int(gid)); err != nil {
		return fmt.Errorf("give PostgreSQL its folder: %w", err)
	}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	return nil
}

// giveAway gives a folder and everything in it to the user as whom PostgreSQL runs.
func giveAway(folder string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := serverUser()
	if err != nil {
		return err
	}
	return filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(uid), int(gid))
	})
}

// serverUser returns the user as whom PostgreSQL runs when the test runs as root.
func serverUser() (uid, gid uint32, err error) {
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("find a user for PostgreSQL, which does not run as root: %w", err)
	}
	u, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("user id of %s: %w", account.Username, err)
	}
	g, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("group id of %s: %w", account.Username, err)
	}
	return uint32(u), uint32(g), nil
}
