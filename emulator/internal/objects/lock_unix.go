//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package objects

import (
	"os"
	"syscall"
)

// lockFile locks f until it is closed. It does not wait: it fails if another process holds the
// lock.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
