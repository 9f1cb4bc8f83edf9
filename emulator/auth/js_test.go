package auth_test

import (
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// TestJavaScript runs Firebase's JavaScript SDK in Node, in an old and a new version.
func TestJavaScript(t *testing.T) {
	for _, version := range sdktest.Versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			sdktest.RunNode(t, version, "jstest/auth.test.mjs", "AUTH_URL="+s.url, "AUTH_PROJECT="+project)
		})
	}
}
