package auth_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"sync"
	"testing"
	"time"

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
		"a new email by a server": {func(s *server, in object) {
			s.admin(t, ":update", object{"localId": in["localId"], "email": "new@example.com"})
		}, "TOKEN_EXPIRED"},
		"the same email": {func(s *server, in object) {
			s.client(t, "update", object{"idToken": in["idToken"], "email": "A@example.com"})
		}, ""},
		"a verified change of the email": {func(s *server, in object) {
			code := s.admin(t, ":sendOobCode", object{
				"requestType": "VERIFY_AND_CHANGE_EMAIL", "idToken": in["idToken"], "email": in["email"], "newEmail": "new@example.com", "returnOobLink": true,
			})["oobCode"]
			s.client(t, "update", object{"oobCode": code})
		}, "TOKEN_EXPIRED"},
		"a verified email": {func(s *server, in object) {
			code := s.admin(t, ":sendOobCode", object{"requestType": "VERIFY_EMAIL", "email": in["email"], "returnOobLink": true})["oobCode"]
			s.client(t, "update", object{"oobCode": code})
		}, ""},
		"another session": {func(s *server, in object) {
			s.client(t, "signInWithPassword", object{"email": in["email"], "password": "password"})
		}, ""},
		"linking a provider": {func(s *server, in object) {
			s.client(t, "signInWithIdp", object{"idToken": in["idToken"], "requestUri": "http://localhost", "postBody": `providerId=google.com&id_token={"sub":"g1"}`})
		}, ""},
		"unlinking the password": {func(s *server, in object) {
			s.client(t, "update", object{"idToken": in["idToken"], "deleteProvider": []string{"password"}})
			if _, res := s.call(t, "POST", toolkit+"accounts:signUp", object{"email": in["email"], "password": "password"}); message(res) != "EMAIL_EXISTS" {
				t.Errorf("sign up with the address of an account without password: %v, want EMAIL_EXISTS", res)
			}
		}, ""},
		"an email link for the same address": {func(s *server, in object) {
			code := s.admin(t, ":sendOobCode", object{"requestType": "EMAIL_SIGNIN", "email": in["email"], "returnOobLink": true})["oobCode"]
			s.client(t, "signInWithEmailLink", object{"email": in["email"], "oobCode": code})
		}, ""},
		"an email link for another address": {func(s *server, in object) {
			code := s.admin(t, ":sendOobCode", object{"requestType": "EMAIL_SIGNIN", "email": "new@example.com", "returnOobLink": true})["oobCode"]
			s.client(t, "signInWithEmailLink", object{"email": "new@example.com", "oobCode": code, "idToken": in["idToken"]})
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
			if test.want != "TOKEN_EXPIRED" || name == "revocation" {
				return // a server decides since when tokens are valid
			}
			want := test.want
			if name == "deletion and reuse of the uid" {
				want = "" // the new account has no time since when tokens are valid
			}
			if _, res := s.call(t, "POST", toolkit+"accounts:lookup", object{"idToken": in["idToken"]}); message(res) != want {
				t.Errorf("the ID token, issued in the same second: %v", res)
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

// TestTemporaryProof: a number of another account yields a proof, with which the client can sign in to it.
func TestTemporaryProof(t *testing.T) {
	s := start(t)
	s.admin(t, "", object{"localId": "owner", "phoneNumber": "+821"})
	in := s.client(t, "signUp", object{})
	verify := func(number string) object {
		session := s.client(t, "sendVerificationCode", object{"phoneNumber": number})["sessionInfo"]
		codes := s.Codes(project)
		return object{"sessionInfo": session, "code": codes[len(codes)-1].Digits, "idToken": in["idToken"]}
	}
	sms := verify("+821")
	res := s.client(t, "signInWithPhoneNumber", sms)
	proof, _ := res["temporaryProof"].(string)
	if proof == "" || res["temporaryProofExpiresIn"] != "3600" || res["phoneNumber"] != "+821" || res["idToken"] != nil || res["localId"] != nil {
		t.Fatalf("linking a number in use: %v", res)
	}
	if len(s.Codes(project)) != 0 {
		t.Errorf("the SMS code is still valid, or the proof is listed: %v", s.Codes(project))
	}
	for name, test := range map[string]struct {
		body object
		want string
	}{
		"the SMS code again":      {sms, "INVALID_SESSION_INFO"},
		"no number":               {object{"temporaryProof": proof}, "MISSING_PHONE_NUMBER"},
		"another number":          {object{"temporaryProof": proof, "phoneNumber": "+822"}, "INVALID_TEMPORARY_PROOF"},
		"another proof":           {object{"temporaryProof": "x", "phoneNumber": "+821"}, "INVALID_TEMPORARY_PROOF"},
		"as an SMS session":       {object{"sessionInfo": proof, "code": ""}, "MISSING_CODE"},
		"with a guessed code":     {object{"sessionInfo": proof, "code": "000000"}, "INVALID_SESSION_INFO"},
		"linking again":           {object{"temporaryProof": proof, "phoneNumber": "+821", "idToken": in["idToken"]}, "PHONE_NUMBER_EXISTS"},
		"an SMS session as proof": {object{"temporaryProof": verify("+823")["sessionInfo"], "phoneNumber": "+823"}, "INVALID_TEMPORARY_PROOF"},
	} {
		if _, res := s.call(t, "POST", toolkit+"accounts:signInWithPhoneNumber", test.body); message(res) != test.want {
			t.Errorf("%s: %v, want %s", name, res, test.want)
		}
	}
	if _, res := s.call(t, "POST", toolkit+"accounts:resetPassword", object{"oobCode": proof}); message(res) != "INVALID_OOB_CODE" {
		t.Errorf("the proof as an OOB code: %v", res)
	}
	if res := s.client(t, "signInWithPhoneNumber", object{"temporaryProof": proof, "phoneNumber": "+821"}); res["localId"] != "owner" || res["isNewUser"] != false {
		t.Errorf("signing in with the proof: %v", res)
	}
	s.clock.Advance(time.Hour + time.Second)
	if _, res := s.call(t, "POST", toolkit+"accounts:signInWithPhoneNumber", object{"temporaryProof": proof, "phoneNumber": "+821"}); message(res) != "SESSION_EXPIRED" {
		t.Errorf("an expired proof: %v", res)
	}
	free := verify("+824")
	delete(free, "idToken")
	free["operation"] = "REAUTH"
	if _, res := s.call(t, "POST", toolkit+"accounts:signInWithPhoneNumber", free); message(res) != "USER_NOT_FOUND" {
		t.Errorf("signing in again with a number that nobody has: %v", res)
	}
}

// TestEmailLinkExpires: a link works for six hours.
func TestEmailLinkExpires(t *testing.T) {
	s := start(t)
	send := func() any {
		return s.admin(t, ":sendOobCode", object{"requestType": "EMAIL_SIGNIN", "email": "a@example.com", "returnOobLink": true})["oobCode"]
	}
	early, late := send(), send()
	s.clock.Advance(6*time.Hour - time.Second)
	s.client(t, "signInWithEmailLink", object{"email": "a@example.com", "oobCode": early})
	s.clock.Advance(2 * time.Second)
	if _, res := s.call(t, "POST", toolkit+"accounts:signInWithEmailLink", object{"email": "a@example.com", "oobCode": late}); message(res) != "EXPIRED_OOB_CODE" {
		t.Errorf("an old link: %v", res)
	}
	if _, res := s.call(t, "POST", toolkit+"accounts:sendOobCode", object{"requestType": "EMAIL_SIGNIN", "email": "a@example.com", "canHandleCodeInApp": true}); message(res) != "MISSING_CONTINUE_URI" {
		t.Errorf("a link that leads nowhere: %v", res)
	}
}
