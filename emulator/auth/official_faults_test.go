package auth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	configPath   = "/identitytoolkit.googleapis.com/v2/projects/" + project + "/config"
	relyingParty = "/www.googleapis.com/identitytoolkit/v3/relyingparty/"
)

// send sends a request of a client or, with an admin path, of a server.
func (s *server) send(t *testing.T, method, path, body string) (int, object) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.Contains(path, "/projects/") {
		req.Header.Set("Authorization", "Bearer owner")
	}
	return s.do(t, req)
}

// Bodies that are no objects, and values that no enumeration has, make no account. Everything that is not emulated is
// named.
func TestRequestsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	s := start(t)
	const signUp = toolkit + "accounts:signUp?key=k"
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"POST", signUp, `null`, 400, "Invalid JSON payload received."},
		{"POST", signUp, `[]`, 400, "Invalid JSON payload received."},
		{"POST", signUp, `"x"`, 400, "Invalid JSON payload received."},
		{"PATCH", configPath, `null`, 400, "Invalid JSON payload received."},
		{"POST", signUp, `{"email": "", "password": "password"}`, 400, "MISSING_EMAIL"},
		{"POST", signUp, `{"clientType": "CLIENT_TYPE_TOASTER"}`, 400, "CLIENT_TYPE_TOASTER"},
		{"POST", signUp, `{"clientType": 99}`, 400, "99"},
		{"POST", signUp, `{"recaptchaVersion": "V99"}`, 400, "V99"},
		{"GET", toolkit + "projects/" + project + "/accounts:batchGet?nextPageToken=made-up", "", 400, "INVALID_PAGE_SELECTION"},
		{"GET", toolkit + "projects/" + project + "/accounts:batchGet?nextPageToken=YWZ0ZXI6", "", 400, "INVALID_PAGE_SELECTION"},
		{"PATCH", configPath, `{"mfa": {"state": "ENABLED"}}`, 501, "second factors"},
		{"PATCH", configPath, `{"blockingFunctions": {"triggers": {"beforeCreate": {"functionUri": "http://localhost"}}}}`, 501, "blocking functions"},
		{"PATCH", configPath, `{"passwordPolicyConfig": {"passwordPolicyEnforcementState": "ENFORCE"}}`, 501, "password policies"},
		{"PATCH", configPath + "?updateMask=colour", `{}`, 400, "colour"},
		{"POST", "/identitytoolkit.googleapis.com/v2/accounts:revokeToken?key=k", `{}`, 501, "revokeAccessToken"},
		{"POST", relyingParty + "uploadAccount?key=k", `{}`, 501, "old API"},
	} {
		code, res := s.send(t, c.method, c.path, c.body)
		e, _ := res["error"].(map[string]any)
		if code != c.code || !strings.Contains(fmt.Sprint(e["message"]), c.want) {
			t.Errorf("%s %s %s: %d %v, want %d %s", c.method, c.path, c.body, code, res, c.code, c.want)
		}
	}
	if users := s.Users(project); len(users) != 0 {
		t.Errorf("made %d accounts", len(users))
	}
	for _, body := range []string{`{"clientType": "CLIENT_TYPE_WEB"}`, `{"clientType": 3, "recaptchaVersion": "RECAPTCHA_ENTERPRISE"}`, `{"clientType": null}`, ""} {
		if code, res := s.send(t, "POST", signUp, body); code != 200 {
			t.Errorf("%s: %d %v", body, code, res)
		}
	}
	if code, res := s.send(t, "PATCH", configPath, `{"mfa": {"state": "DISABLED"}, "blockingFunctions": {"triggers": {}}}`); code != 200 {
		t.Errorf("turning off what is off: %d %v", code, res)
	}
}

// An update mask says which settings count.
func TestConfigMask(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		mask, body            string
		duplicates, isPrivate bool
	}{
		{"signIn.allowDuplicateEmails", `{"signIn": {"allowDuplicateEmails": true}, "emailPrivacyConfig": {"enableImprovedEmailPrivacy": true}}`, true, false},
		{"emailPrivacyConfig", `{"signIn": {"allowDuplicateEmails": false}, "emailPrivacyConfig": {"enableImprovedEmailPrivacy": true}}`, true, true},
		{"sign_in.allow_duplicate_emails", `{}`, false, true},
		{"signIn,emailPrivacyConfig.enableImprovedEmailPrivacy", `{"signIn": {"allowDuplicateEmails": true}}`, true, false},
		{"mfa", `{"signIn": {"allowDuplicateEmails": false}}`, true, false},
		{"", `{"signIn": {"allowDuplicateEmails": false}}`, false, false},
	} {
		code, res := s.send(t, "PATCH", configPath+"?updateMask="+url.QueryEscape(c.mask), c.body)
		if code != 200 {
			t.Errorf("%s: %d %v", c.mask, code, res)
			continue
		}
		duplicates := res["signIn"].(map[string]any)["allowDuplicateEmails"]
		isPrivate := res["emailPrivacyConfig"].(map[string]any)["enableImprovedEmailPrivacy"]
		if duplicates != c.duplicates || isPrivate != c.isPrivate {
			t.Errorf("%s: duplicates %v, privacy %v, want %v, %v", c.mask, duplicates, isPrivate, c.duplicates, c.isPrivate)
		}
	}
}

// Providers say that an address is verified as a boolean or, as Apple does, as a text; names come in parts.
func TestProvidersTokens(t *testing.T) {
	t.Parallel()
	s := start(t)
	for text, want := range map[string]any{`true`: true, `"true"`: true, `"false"`: false, `false`: false, `null`: false} {
		token := fmt.Sprintf(`{"sub": %q, "email": "a%x@example.com", "email_verified": %s, "given_name": "Gi", "family_name": "Fa"}`, text, text, text)
		res := s.client(t, "signInWithIdp", object{"requestUri": "http://localhost", "postBody": "providerId=apple.com&id_token=" + url.QueryEscape(token)})
		if res["emailVerified"] != want || res["firstName"] != "Gi" || res["lastName"] != "Fa" {
			t.Errorf("email_verified %s: %v", text, res)
		}
	}
	code, res := s.send(t, "POST", toolkit+"accounts:signInWithIdp?key=k",
		`{"requestUri": "http://localhost", "postBody": "providerId=apple.com&id_token=`+url.QueryEscape(`{"sub": "x", "email_verified": "perhaps"}`)+`"}`)
	if code != 400 {
		t.Errorf("email_verified that is neither: %d %v", code, res)
	}
}

// Page tokens lead through all accounts, also when the last one of a page is deleted meanwhile; batches that fail in
// nothing have no list of errors.
func TestPagesAndBatches(t *testing.T) {
	t.Parallel()
	s := start(t)
	const admin = toolkit + "projects/" + project + "/accounts"
	for _, id := range []string{"a", "b", "c"} {
		s.admin(t, "", object{"localId": id})
	}
	code, res := s.send(t, "GET", admin+":batchGet?maxResults=2", "")
	token, _ := res["nextPageToken"].(string)
	if code != 200 || token == "" {
		t.Fatalf("%d %v", code, res)
	}
	code, deleted := s.send(t, "POST", admin+":batchDelete", `{"localIds": ["b"], "force": true}`)
	if _, errors := deleted["errors"]; code != 200 || errors {
		t.Errorf("%d %v", code, deleted)
	}
	code, res = s.send(t, "GET", admin+":batchGet?nextPageToken="+token, "")
	if users, _ := res["users"].([]any); code != 200 || len(users) != 1 {
		t.Errorf("the second page: %d %v", code, res)
	}
}

// The old API of clients, which old SDKs and command lines still use.
func TestRelyingParty(t *testing.T) {
	t.Parallel()
	s := start(t)
	code, res := s.send(t, "POST", relyingParty+"signupNewUser?key=k", `{"email": "a@example.com", "password": "password", "returnSecureToken": true}`)
	if code != 200 || res["kind"] != "identitytoolkit#SignupNewUserResponse" {
		t.Fatalf("sign up: %d %v", code, res)
	}
	code, res = s.send(t, "POST", relyingParty+"verifyPassword?key=k", `{"email": "a@example.com", "password": "password"}`)
	if code != 200 || res["kind"] != "identitytoolkit#VerifyPasswordResponse" {
		t.Fatalf("sign in: %d %v", code, res)
	}
	code, res = s.send(t, "POST", relyingParty+"getAccountInfo?key=k", fmt.Sprintf(`{"idToken": %q}`, res["idToken"]))
	if users, _ := res["users"].([]any); code != 200 || len(users) != 1 {
		t.Errorf("look up: %d %v", code, res)
	}
}
