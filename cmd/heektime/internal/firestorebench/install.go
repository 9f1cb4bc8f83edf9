package firestorebench

import (
	"context"
	"embed"
	"io/fs"

	"heek.kr/heektime/emulator/sdktest"
)

//go:embed npm
var npmFiles embed.FS

// install installs the pinned npm server in the user's cache directory and returns its folder.
func install(ctx context.Context) (string, error) {
	files, err := fs.Sub(npmFiles, "npm")
	if err != nil {
		return "", err
	}
	return sdktest.Install(ctx, files)
}
