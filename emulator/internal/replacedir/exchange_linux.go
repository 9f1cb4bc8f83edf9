package replacedir

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// exchange lets two folders exchange their names, at once where the file system can.
func exchange(beside, path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, beside, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return exchangeInTurn(beside, path)
	}
	return err
}

func syncOpen(f *os.File) error { return f.Sync() }
