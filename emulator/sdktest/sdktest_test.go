package sdktest_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"heek.kr/heektime/emulator/sdktest"
)

var releases = map[string]string{"v12": "12.19.0", "v9": "9.6.11"}

// A script runs the same in Node and in a page, with both SDKs.
func TestScript(t *testing.T) {
	for _, version := range sdktest.Versions {
		t.Run("node "+version, func(t *testing.T) {
			t.Parallel()
			checkScript(t, version, sdktest.StartNode(t, version, "testdata/script.mjs"))
		})
	}
	t.Run("chromium", func(t *testing.T) {
		browser := sdktest.OpenBrowser(t)
		pages := sdktest.Serve(t, os.DirFS("testdata"))
		for _, version := range sdktest.Versions {
			t.Run(version, func(t *testing.T) {
				page := browser.Open(t, pages.URL(version, "script.mjs"))
				checkScript(t, version, page)
				untilConsole(t, page, "안녕")
				beside, other := page.Open(t, pages.URL(version, "script.mjs")), browser.Open(t, pages.URL(version, "script.mjs"))
				agents := make([]string, 3)
				for i, p := range []*sdktest.Page{page, beside, other} {
					if err := p.Eval(t.Context(), "navigator.userAgent", &agents[i]); err != nil {
						t.Error(err)
					}
				}
				if agents[0] != agents[1] || agents[1] == agents[2] || !strings.Contains(agents[0], "Chrome/") {
					t.Errorf("two tabs of a browser and another browser are %q", agents)
				}
				png, err := page.Screenshot(t.Context())
				if err != nil || !bytes.HasPrefix(png, []byte("\x89PNG")) {
					t.Errorf("screenshot: %v, %.8q", err, png)
				}
			})
		}
	})
}

// untilConsole waits for a message in a page's console, which arrives apart from the calls' results.
func untilConsole(t *testing.T, page *sdktest.Page, want string) {
	t.Helper()
	for hang := time.After(5 * time.Minute); !strings.Contains(page.Console(), want); {
		select {
		case <-hang:
			t.Fatalf("the console is %q, want %q", page.Console(), want)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func checkScript(t *testing.T, version string, script sdktest.Script) {
	t.Helper()
	ctx := t.Context()
	var release string
	if err := script.Call(ctx, "release", &release); err != nil || release != releases[version] {
		t.Errorf("release %q, %v; want %s", release, err, releases[version])
	}
	var whole bool
	if err := script.Call(ctx, "modules", &whole); err != nil || !whole {
		t.Errorf("modules: %v, %v", whole, err)
	}
	var echo []any
	if err := script.Call(ctx, "echo", &echo, "'시간표' </script>", 1.5, nil); err != nil || !reflect.DeepEqual(echo, []any{"'시간표' </script>", 1.5, nil}) {
		t.Errorf("echo: %v, %v", echo, err)
	}
	if err := script.Call(ctx, "say", nil, "안녕"); err != nil {
		t.Error(err)
	}
	if err := script.Call(ctx, "refuse", nil); sdktest.Code(err) != "permission-denied" {
		t.Errorf("refuse: %v", err)
	}
	if err := script.Call(ctx, "fail", nil); err == nil || sdktest.Code(err) != "" || !strings.Contains(err.Error(), "TypeError: broken") {
		t.Errorf("fail: %v", err)
	}
	if err := script.Call(ctx, "missing", nil); err == nil || !strings.Contains(err.Error(), "no function missing") {
		t.Errorf("missing: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	var calls sync.WaitGroup
	calls.Go(func() {
		if err := script.Call(ended, "forEver", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("for ever: %v", err)
		}
	})
	for i := range 20 {
		calls.Go(func() {
			var got int
			if err := script.Call(ctx, "later", &got, i); err != nil || got != i {
				t.Errorf("later: %d, %v; want %d", got, err, i)
			}
		})
	}
	cancel()
	calls.Wait()
}

// The error names what is missing, and what to do.
func TestInstallNamesWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, install := sdktest.InstallSDKs(t.Context())
	for what, err := range map[string]error{"nodejs": install, "chromium": sdktest.Missing(t.Context())} {
		var missing *sdktest.MissingError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt-get install "+what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A failed installation leaves nothing behind that looks installed: the next attempt succeeds.
func TestInstallConcurrentlyAndAfterFailure(t *testing.T) {
	sdktest.SDKs(t) // or skip
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	manifest := `{"name": "none", "version": "1.0.0", "private": true}`
	broken := fstest.MapFS{"package.json": {Data: []byte(manifest)}}
	for range 2 {
		if folder, err := sdktest.Install(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "npm ci") {
			t.Errorf("without a lock file: %q, %v", folder, err)
		}
	}
	whole := fstest.MapFS{
		"package.json":      {Data: []byte(manifest)},
		"package-lock.json": {Data: []byte(`{"name": "none", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "none", "version": "1.0.0"}}}`)},
	}
	var installs sync.WaitGroup
	folders := make([]string, 3)
	for i := range folders {
		installs.Go(func() {
			var err error
			if folders[i], err = sdktest.Install(t.Context(), whole); err != nil {
				t.Error(err)
			}
		})
	}
	installs.Wait()
	if folders[0] == "" || folders[0] != folders[1] || folders[1] != folders[2] {
		t.Errorf("installed into %q", folders)
	}
}
