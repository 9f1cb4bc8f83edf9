package auth_test

import (
	"encoding/json"
	"os"
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

// TestInBrowser runs in Chromium what the SDK does only there, in an old and a new version.
func TestInBrowser(t *testing.T) {
	t.Parallel()
	browser := sdktest.OpenBrowser(t)
	pages := sdktest.Serve(t, os.DirFS("jstest"))
	for _, version := range sdktest.Versions {
		for name, test := range map[string]func(*testing.T, *sdktest.Browser, *sdktest.Pages, string){
			"phone": testPhone, "pop-ups and redirections": testPopups,
		} {
			t.Run(version+" "+name, func(t *testing.T) {
				t.Parallel()
				test(t, browser, pages, version)
			})
		}
	}
}

// testPhone signs in by phone.
func testPhone(t *testing.T, browser *sdktest.Browser, pages *sdktest.Pages, version string) {
	s := start(t)
	page := browser.Open(t, pages.URL(version, "phone-page.mjs"))
	call := func(function, want string, args ...any) {
		t.Helper()
		var got json.RawMessage
		if err := page.Call(t.Context(), function, &got, args...); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", function, got, err, want)
		}
	}
	call("use", "", s.url, project)
	call("signInTwice", `[true,"+821011111111","phone"]`, "+821011111111")
	call("linkNumberInUse", `{"code":"auth/account-exists-with-different-credential","again":"auth/phone-number-exists",`+
		`"reused":"auth/invalid-verification-id","owner":true,"phone":"+821022222222","old":false}`, "+821022222222")
	call("updateToNumberInUse", `"auth/account-exists-with-different-credential"`, "+821033333333", "+821044444444")
	call("reauthenticate", `["no error","auth/user-mismatch"]`, "+821055555555", "+821066666666")
	call("linkFreeNumber", `["auth/invalid-verification-code","+821077777777",null]`, "+821077777777")
}
