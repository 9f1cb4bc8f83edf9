package auth_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"sync"
	"testing"

	"heek.kr/heektime/emulator/auth/token"
)

// refreshError refreshes a token and returns the message of the error.
func refreshError(t *testing.T, s *server, refreshToken any) string {
	t.Helper()
	_, res := s.call(t, "POST", "/securetoken.googleapis.com/v1/token",
		url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken.(string)}}.Encode())
	return message(res)
}

// TestSessionsEnd tries every change that ends the sessions of an account. It is long because of
// its table.
func TestSessionsEnd(t *testing.T) {
	tests := map[string]struct {
		end  func(s *server, in object)
		want string
	}{
		"nothing": {func(*server, object) {}, ""},
		"a new name": {func(s *server, in object) {
			s.client(t, "update", object{"idToken": in["idToken"], "displayName": "A"})
		}, ""},
		"a new password": {func(s *server, in object) {
			s.client(t, "update", object{"idToken": in["idToken"], "password": "password 2"})
		}, "TOKEN_EXPIRED"},
		"a new password by a server": {func(s *server, in object) {
			s.admin(t, ":update", object{"localId": in["localId"], "password": "password 2"})
		}, "TOKEN_EXPIRED"},
		"a new email": {func(s *server, in object) {
			s.client(t, "update", object{"idToken": in["idToken"], "email": "new@example.com"})
		}, "TOKEN_EXPIRED"},
		"a password reset": {func(s *server, in object) {
			code := s.admin(t, ":sendOobCode", object{"requestType": "PASSWORD_RESET", "email": in["email"], "returnOobLink": true})["oobCode"]
			s.client(t, "resetPassword", object{"oobCode": code, "newPassword": "password 2"})
		}, "TOKEN_EXPIRED"},
		"revocation": {func(s *server, in object) {
			s.admin(t, ":update", object{"localId": in["localId"], "validSince": "1"})
		}, "TOKEN_EXPIRED"},
		"disabling": {func(s *server, in object) {
			s.admin(t, ":update", object{"localId": in["localId"], "disableUser": true})
		}, "USER_DISABLED"},
		"deletion": {func(s *server, in object) {
			s.client(t, "delete", object{"idToken": in["idToken"]})
		}, "USER_NOT_FOUND"},
		"deletion and reuse of the uid": {func(s *server, in object) {
			s.client(t, "delete", object{"idToken": in["idToken"]})
			s.admin(t, "", object{"localId": in["localId"]})
		}, "TOKEN_EXPIRED"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			in := s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
			test.end(s, in)
			if got := refreshError(t, s, in["refreshToken"]); got != test.want {
				t.Errorf("refresh error %q, want %q", got, test.want)
			}
		})
	}
}

// TestLinkingEndsAnonymousSessions: linking a password to an anonymous account ends its sessions.
func TestLinkingEndsAnonymousSessions(t *testing.T) {
	s := start(t)
	in := s.client(t, "signUp", object{})
	linked := s.client(t, "signUp", object{"idToken": in["idToken"], "email": "a@example.com", "password": "password"})
	if linked["localId"] != in["localId"] {
		t.Errorf("another account: %v", linked)
	}
	if got := refreshError(t, s, in["refreshToken"]); got != "TOKEN_EXPIRED" {
		t.Errorf("the old session: %q", got)
	}
	if got := refreshError(t, s, linked["refreshToken"]); got != "" {
		t.Errorf("the new session: %q", got)
	}
}

// TestDisabledUser: a disabled user cannot sign in by any method.
func TestDisabledUser(t *testing.T) {
	s := start(t)
	s.admin(t, "", object{"localId": "u", "email": "a@example.com", "phoneNumber": "+821", "password": "password", "disabled": true})
	s.admin(t, ":update", object{"localId": "u", "linkProviderUserInfo": object{"providerId": "google.com", "rawId": "g1"}})
	session := s.client(t, "sendVerificationCode", object{"phoneNumber": "+821"})["sessionInfo"]
	code := s.admin(t, ":sendOobCode", object{"requestType": "EMAIL_SIGNIN", "email": "a@example.com", "returnOobLink": true})["oobCode"]
	var digits string
	for _, c := range s.Codes(project) {
		digits += c.Digits
	}
	for verb, body := range map[string]object{
		"signInWithPassword":    {"email": "a@example.com", "password": "password"},
		"signInWithPhoneNumber": {"sessionInfo": session, "code": digits},
		"signInWithEmailLink":   {"email": "a@example.com", "oobCode": code},
		"signInWithIdp":         {"requestUri": "http://localhost", "postBody": `providerId=google.com&id_token={"sub":"g1"}`},
		"signInWithCustomToken": {"token": custom(0, `"uid":"u"`)},
	} {
		if _, res := s.call(t, "POST", toolkit+"accounts:"+verb, body); message(res) != "USER_DISABLED" {
			t.Errorf("%s: %v", verb, res)
		}
	}
}

// TestReservedClaims: custom claims cannot override the claims that identify a user.
func TestReservedClaims(t *testing.T) {
	s := start(t)
	in := s.client(t, "signInWithCustomToken", object{"token": custom(0,
		`"uid":"u","claims":{"email":"victim@example.com","email_verified":true,"phone_number":"+821","user_id":"v","name":"N","n":9007199254740993}`)})
	var claims map[string]json.RawMessage
	algorithm, err := token.Decode(in["idToken"].(string), &claims)
	if err != nil || algorithm != token.None {
		t.Fatalf("%v, %v", algorithm, err)
	}
	for name, want := range map[string]string{"email": "", "email_verified": "", "phone_number": "", "user_id": `"u"`, "sub": `"u"`, "name": `"N"`, "n": "9007199254740993"} {
		if got := string(claims[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestPasswordChangedDuringSignIn: a slow sign-in must not restore a password that was changed
// meanwhile.
func TestPasswordChangedDuringSignIn(t *testing.T) {
	const rounds = 120_000
	sum, err := pbkdf2.Key(sha256.New, "old password", []byte("salt"), rounds, 32)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	s := start(t)
	for range 5 {
		s.admin(t, ":batchCreate", object{"hashAlgorithm": "PBKDF2_SHA256", "rounds": rounds, "allowOverwrite": true, "users": []object{
			{"localId": "u", "email": "a@example.com", "passwordHash": encode(sum), "salt": encode([]byte("salt"))},
		}})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, res := s.call(t, "POST", toolkit+"accounts:signInWithPassword", object{"email": "a@example.com", "password": "old password"})
				if got := message(res); got != "" && got != "INVALID_PASSWORD" {
					t.Errorf("the old password: %v", res)
				}
			})
		}
		s.admin(t, ":update", object{"localId": "u", "password": "new password"})
		wg.Wait()
		s.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "new password"})
	}
}
