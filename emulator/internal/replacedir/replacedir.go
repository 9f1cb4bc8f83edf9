// Package replacedir writes a folder as a whole: whoever looks, at any time and after a crash, finds the old one
// or the new one.
package replacedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write calls write with the path of a new, empty folder beside path, and puts that in the place of path when
// everything in it is on the disk. When anything fails, path is as it was.
func Write(path string, write func(dir string) error) error {
	path, err := filepath.Abs(path) // "." has a name
	if err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	err = os.Chmod(beside, 0o755)
	if err == nil {
		err = write(beside)
	}
	if err == nil {
		err = syncAll(beside)
	}
	if err == nil {
		err = put(beside, path)
	}
	return errors.Join(err, os.RemoveAll(beside)) // the old folder, if it has changed places
}

// put moves a folder to path. If there is one already, they exchange their places.
func put(beside, path string) error {
	err := os.Rename(beside, path)
	if err != nil {
		if _, missing := os.Lstat(path); errors.Is(missing, fs.ErrNotExist) {
			return err
		}
		err = exchange(beside, path)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return syncFile(filepath.Dir(path)) // or a crash could undo it
}

// exchangeInTurn is exchange where the system cannot do it at once: for a moment, the old folder has the name of the
// new one, with .old at its end.
func exchangeInTurn(beside, path string) error {
	old := beside + ".old"
	if err := os.Rename(path, old); err != nil {
		return err
	}
	if err := os.Rename(beside, path); err != nil {
		return errors.Join(err, os.Rename(old, path))
	}
	return os.Rename(old, beside)
}

// syncAll waits until a folder and everything in it are on the disk.
func syncAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncFile(path)
	})
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(syncOpen(f), f.Close())
}
