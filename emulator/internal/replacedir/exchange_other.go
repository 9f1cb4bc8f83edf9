//go:build !linux

package replacedir

import (
	"os"
	"runtime"
)

// exchange lets two folders exchange their names.
func exchange(beside, path string) error { return exchangeInTurn(beside, path) }

// syncOpen waits until a file is on the disk. Windows syncs neither folders nor files that are open for reading.
func syncOpen(f *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return f.Sync()
}
