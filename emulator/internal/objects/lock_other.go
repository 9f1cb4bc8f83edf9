//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package objects

import "os"

// lockFile does nothing where the system has no flock: there the user must not start two emulators on one directory.
func lockFile(*os.File) error { return nil }
