package firestorebench

import (
	"context"
	"embed"
	"io/fs"

	"heek.kr/heektime/emulator/sdktest"
)

//go:embed npm
var npmFiles embed.FS

// install puts the pinned npm server into the user's cache and returns the folder. The error says what is missing.
func install(ctx context.Context) (string, error) {
	files, err := fs.Sub(npmFiles, "npm")
	if err != nil {
		return "", err
	}
	return sdktest.Install(ctx, files)
}
