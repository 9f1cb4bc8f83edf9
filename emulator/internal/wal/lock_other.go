//go:build !unix

package wal

import (
	"fmt"
	"os"
	"path/filepath"
)

// Lock opens the directory's lock file. This platform has no advisory locks, so a second process is
// not detected.
func Lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}
