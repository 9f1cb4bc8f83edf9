// Package version tells which version of this module a program is.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Of returns a line about a program. The go command writes the version into binaries: that of go install, or the tag
// or commit of the repository in which it ran.
func Of(program string) string {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("%s %s %s/%s %s", program, version, runtime.GOOS, runtime.GOARCH, runtime.Version())
}
