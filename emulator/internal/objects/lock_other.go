//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package objects

import "os"

// lockFile does nothing on systems without flock: users must not run two emulators on one
// directory.
func lockFile(*os.File) error { return nil }
