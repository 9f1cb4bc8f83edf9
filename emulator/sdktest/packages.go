package sdktest

import (
	"io/fs"
	"testing"
)

// Packages returns the folder of the npm packages that files pin, see [Install]. Without npm, or
// with -short, the test is skipped.
func Packages(t testing.TB, files fs.FS) string {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	folder, err := Install(t.Context(), files)
	if err != nil {
		skip(t, err)
	}
	return folder
}
