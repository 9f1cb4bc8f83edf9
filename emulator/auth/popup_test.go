package auth_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// signedIn is what popup-page.mjs says of a sign-in.
type signedIn struct {
	UID, Email, Name, ProviderID, OperationType, Code string
	Verified, New                                     bool
	Providers                                         []string
}

// testPopups signs in with pop-ups and redirections.
func testPopups(t *testing.T, browser *sdktest.Browser, pages *sdktest.Pages, version string) {
	s := start(t)
	// Another name than the emulator's: browsers keep their storage apart.
	address := strings.Replace(pages.URL(version, "popup-page.mjs"), "127.0.0.1", "localhost", 1)
	b := &popups{t: t, page: browser.Open(t, address), server: s.url}
	b.call("use", nil, s.url, project)

	ann := b.inWindow("signIn", "google.com", fillIn("Ann", "ann@example.com"))
	if ann.Code != "" || ann.Email != "ann@example.com" || !ann.Verified || ann.Name != "Ann" || !ann.New || ann.ProviderID != "google.com" {
		t.Errorf("a new account: %+v", ann)
	}
	b.call("signOut", nil)
	again := b.inWindow("signIn", "google.com", `document.querySelector('[data-claims]').click()`)
	if again.UID != ann.UID || again.New || again.Email != ann.Email {
		t.Errorf("an account that was chosen: %+v, want that of %+v", again, ann)
	}
	linked := b.inWindow("link", "oidc.mine", fillIn("Ann O", ""))
	if linked.UID != ann.UID || linked.OperationType != "link" || fmt.Sprint(linked.Providers) != "[google.com oidc.mine]" {
		t.Errorf("a linked provider: %+v", linked)
	}
	if same := b.inWindow("reauthenticate", "oidc.mine", `document.querySelector('[data-claims]').click()`); same.UID != ann.UID || same.OperationType != "reauthenticate" {
		t.Errorf("reauthenticated: %+v", same)
	}
	if other := b.inWindow("reauthenticate", "google.com", fillIn("Bob", "bob@example.com")); other.Code != "auth/user-mismatch" {
		t.Errorf("reauthenticated as another: %+v", other)
	}

	for _, provider := range []string{"apple.com", "github.com"} {
		b.call("signOut", nil)
		user := b.redirected("redirect", provider, fillIn("Kim", provider+"@example.com"))
		if user.Email != provider+"@example.com" || user.ProviderID != provider || !user.New {
			t.Errorf("a redirection to %s: %+v", provider, user)
		}
	}
	if user := b.redirected("linkByRedirect", "google.com", fillIn("Kim G", "")); user.OperationType != "link" || fmt.Sprint(user.Providers) != "[github.com google.com]" {
		t.Errorf("linked by a redirection: %+v", user)
	}
}

// popups drives a page and the windows that it opens.
type popups struct {
	t      *testing.T
	page   *sdktest.Page
	server string
}

func (b *popups) call(function string, result any, args ...any) {
	b.t.Helper()
	if err := b.page.Call(b.t.Context(), function, result, args...); err != nil {
		b.t.Fatal(err)
	}
}

// choose runs a script in the emulator's page.
func (b *popups) choose(page *sdktest.Page, script string) {
	b.t.Helper()
	if err := page.WaitVisible(b.t.Context(), "#fill"); err != nil {
		b.t.Fatal(err)
	}
	// Later: the page is gone before it could answer.
	if err := page.Eval(b.t.Context(), "void setTimeout(() => {"+script+"})", nil); err != nil {
		b.t.Fatal(err)
	}
}

// inWindow signs in with a pop-up.
func (b *popups) inWindow(function, provider, script string) (user signedIn) {
	b.t.Helper()
	window := b.page.Window(b.t, b.server+"/emulator/auth/handler", func() error { return b.page.Call(b.t.Context(), function, nil, provider) })
	b.choose(window, script)
	b.call("signedIn", &user)
	return user
}

// redirected signs in with a redirection, and returns to the page.
func (b *popups) redirected(function, provider, script string) (user signedIn) {
	b.t.Helper()
	b.call(function, nil, provider)
	b.choose(b.page, script)
	if err := b.page.WaitVisible(b.t.Context(), "#ready"); err != nil {
		b.t.Fatal(err)
	}
	b.call("use", nil, b.server, project)
	b.call("redirected", &user)
	return user
}

// fillIn is a script that fills in the form of a new account.
func fillIn(name, email string) string {
	return fmt.Sprintf(`const form = document.querySelector('form'); form.elements.name.value = %q; form.email.value = %q; form.requestSubmit()`, name, email)
}

// What strangers wrote into accounts cannot become part of the page, and the page names what is not emulated.
func TestSignInPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.client(t, "signInWithIdp", object{"requestUri": "http://localhost",
		"postBody": `providerId=google.com&id_token={"sub": "1", "name": "<script>alert(1)</script>", "email": "a\"'<b>@example.com"}`})
	for _, c := range []struct {
		path, want, not string
		code            int
	}{
		{"handler?apiKey=k&providerId=google.com", "&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert", 200},
		{"handler?apiKey=k&providerId=Google.com", "Sign in with google.com", "Sign in with Google", 200},
		{"handler?apiKey=k&providerId=apple.com", "Sign in with apple.com", "data-claims", 200},
		{"handler?apiKey=k&providerId=%3Cb%3E", "Sign in with &lt;b&gt;", "<b>", 200},
		{"handler?apiKey=k", "providerId", "<html", 400},
		{"handler?providerId=google.com", "apiKey", "<html", 400},
		{"handler?apiKey=k&providerId=saml.mine", "SAML", "<html", 501},
		{"handler?apiKey=k&providerId=google.com&tid=t-1", "tenants", "<html", 400},
		{"iframe?apiKey=k&appName=a", "iframe.js", "apis.google.com", 200},
		{"gapi.js", "getParentIframe", "", 200},
		{"handler.html", "no API", "<html", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/emulator/auth/"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.code || !strings.Contains(string(text), c.want) || c.not != "" && strings.Contains(string(text), c.not) {
			t.Errorf("%s: %d %s %v, want %d, %s and no %s", c.path, resp.StatusCode, text, err, c.code, c.want, c.not)
		}
	}
}

// Answers of redirections are for one app each, are given once, and are bounded.
func TestRedirects(t *testing.T) {
	t.Parallel()
	s := start(t)
	post := func(body string) (int, object) {
		t.Helper()
		return s.send(t, "POST", "/emulator/auth/redirect", body)
	}
	for i := range 101 {
		if code, res := post(fmt.Sprintf(`{"app": "a", "origin": "http://localhost:%d", "event": {"n": %d}}`, i, i)); code != 200 {
			t.Fatalf("keep: %d %v", code, res)
		}
	}
	post(`{"app": "a", "origin": "http://localhost:7", "event": {"n": "again"}}`)
	for body, want := range map[string]string{
		`{"app": "a", "origin": "http://localhost:0"}`:   "<nil>", // the oldest
		`{"app": "a", "origin": "http://localhost:1"}`:   "map[n:1]",
		`{"app": "b", "origin": "http://localhost:2"}`:   "<nil>",
		`{"app": "a", "origin": "http://localhost:7"}`:   "map[n:again]",
		`{"app": "a", "origin": "http://localhost:100"}`: "map[n:100]",
	} {
		if _, res := post(body); fmt.Sprint(res["event"]) != want {
			t.Errorf("%s: %v, want %s", body, res, want)
		}
		if _, res := post(body); res["event"] != nil {
			t.Errorf("%s: given twice", body)
		}
	}
	if code, _ := post(`{"app": "a", "origin": "o", "event": "` + strings.Repeat("x", 70<<10) + `"}`); code != 413 {
		t.Errorf("a long event: %d", code)
	}
}
