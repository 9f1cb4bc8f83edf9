//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package objects

import (
	"os"
	"syscall"
)

// lockFile takes f for this process until f is closed, or fails at once.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
