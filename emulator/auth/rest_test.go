package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/emulator/auth"
	"heek.kr/heektime/emulator/internal/account"
)

// jwt returns an unsigned token with a header and claims in JSON.
func jwt(header, claims string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
}

const (
	unsigned = `{"alg":"none","typ":"JWT"}`
	audience = `"aud":"https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"`
)

// custom returns a custom token issued iat seconds from now and valid for an hour.
func custom(iat int64, claims string) string {
	now := time.Now().Unix() + iat
	return jwt(unsigned, fmt.Sprintf(`{%s,"iat":%d,"exp":%d,%s}`, audience, now, now+3600, claims))
}

// TestErrors sends invalid requests and expects production's error codes. It is long because of its
// table.
func TestErrors(t *testing.T) {
	s := start(t)
	in := s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	id, uid := in["idToken"].(string), in["localId"].(string)
	s.admin(t, "", object{"localId": "disabled", "email": "disabled@example.com", "password": "password", "disabled": true})
	s.admin(t, "", object{"localId": "phone", "phoneNumber": "+821"})
	const signUp, password, customToken = toolkit + "accounts:signUp", toolkit + "accounts:signInWithPassword", toolkit + "accounts:signInWithCustomToken"
	const update, oob, token = toolkit + "accounts:update", toolkit + "accounts:sendOobCode", "/securetoken.googleapis.com/v1/token"
	const admin = toolkit + "projects/" + project + "/accounts"
	tests := map[string]struct {
		path string
		body any
		want string // prefix of the message
	}{
		"sign up: email exists":        {signUp, object{"email": "A@EXAMPLE.com", "password": "password"}, "EMAIL_EXISTS"},
		"sign up: no password":         {signUp, object{"email": "b@example.com"}, "MISSING_PASSWORD"},
		"sign up: no email":            {signUp, object{"password": "password"}, "MISSING_EMAIL"},
		"sign up: empty email":         {signUp, object{"email": "", "password": ""}, "MISSING_EMAIL"},
		"sign up: malformed":           {signUp, object{"email": "a@b@c", "password": "password"}, "INVALID_EMAIL"},
		"sign up: long email":          {signUp, object{"email": strings.Repeat("a", 300) + "@example.com", "password": "password"}, "INVALID_EMAIL"},
		"sign up: weak":                {signUp, object{"email": "b@example.com", "password": "12345"}, "WEAK_PASSWORD : "},
		"sign up: long":                {signUp, object{"email": "b@example.com", "password": strings.Repeat("x", 4097)}, "PASSWORD_DOES_NOT_MEET_REQUIREMENTS : "},
		"sign up: own uid":             {signUp, object{"localId": "mine"}, "UNEXPECTED_PARAMETER"},
		"sign up: other project":       {signUp, object{"targetProjectId": "other"}, "INSUFFICIENT_PERMISSION"},
		"sign up: tenant":              {signUp, object{"tenantId": "t"}, "UNSUPPORTED_TENANT_OPERATION"},
		"sign up: unknown field":       {signUp, object{"emial": "x"}, `Invalid JSON payload received. Unknown name "emial"`},
		"sign up: wrong type":          {signUp, object{"email": 5}, "Invalid value at 'email'"},
		"sign up: not JSON":            {signUp, `{"email":`, "Invalid JSON payload received."},
		"sign up: not an object":       {signUp, `[]`, "Invalid JSON payload received."},
		"sign in: wrong password":      {password, object{"email": "a@example.com", "password": "wrong"}, "INVALID_PASSWORD"},
		"sign in: unknown user":        {password, object{"email": "x@example.com", "password": "wrong"}, "EMAIL_NOT_FOUND"},
		"sign in: no email":            {password, object{"password": "wrong"}, "MISSING_EMAIL"},
		"sign in: empty password":      {password, object{"email": "a@example.com", "password": ""}, "MISSING_PASSWORD"},
		"sign in: malformed":           {password, object{"email": "a", "password": "wrong"}, "INVALID_EMAIL"},
		"sign in: disabled":            {password, object{"email": "disabled@example.com", "password": "password"}, "USER_DISABLED"},
		"custom: nothing":              {customToken, object{}, "MISSING_CUSTOM_TOKEN"},
		"custom: not a token":          {customToken, object{"token": "x"}, "INVALID_CUSTOM_TOKEN"},
		"custom: not base64":           {customToken, object{"token": "?.?.?"}, "INVALID_CUSTOM_TOKEN"},
		"custom: not JSON":             {customToken, object{"token": jwt("x", "y")}, "INVALID_CUSTOM_TOKEN"},
		"custom: symmetric":            {customToken, object{"token": jwt(`{"alg":"HS256"}`, `{}`)}, "INVALID_CUSTOM_TOKEN"},
		"custom: an ID token":          {customToken, object{"token": id}, "INVALID_CUSTOM_TOKEN"},
		"custom: expired":              {customToken, object{"token": custom(-3601, `"uid":"u"`)}, "INVALID_CUSTOM_TOKEN : The token has expired"},
		"custom: future":               {customToken, object{"token": custom(900, `"uid":"u"`)}, "INVALID_CUSTOM_TOKEN"},
		"custom: without times":        {customToken, object{"token": jwt(unsigned, `{`+audience+`,"uid":"u"}`)}, "INVALID_CUSTOM_TOKEN"},
		"custom: no uid":               {customToken, object{"token": custom(0, `"x":1`)}, "MISSING_IDENTIFIER"},
		"custom: uid is a list":        {customToken, object{"token": custom(0, `"uid":["u"]`)}, "INVALID_CUSTOM_TOKEN"},
		"custom: long uid":             {customToken, object{"token": custom(0, `"uid":"`+strings.Repeat("u", 129)+`"`)}, "INVALID_LOCAL_ID"},
		"custom: reserved claim":       {customToken, object{"token": custom(0, `"uid":"u","claims":{"aud":"x"}`)}, "FORBIDDEN_CLAIM : aud"},
		"custom: claims are a list":    {customToken, object{"token": custom(0, `"uid":"u","claims":[]`)}, "INVALID_CLAIMS"},
		"custom: tenant":               {customToken, object{"token": custom(0, `"uid":"u","tenant_id":"t"`)}, "UNSUPPORTED_TENANT_OPERATION"},
		"custom: disabled":             {customToken, object{"token": custom(0, `"uid":"disabled"`)}, "USER_DISABLED"},
		"lookup: nothing":              {toolkit + "accounts:lookup", object{}, "MISSING_ID_TOKEN"},
		"lookup: not a token":          {toolkit + "accounts:lookup", object{"idToken": "x"}, "INVALID_ID_TOKEN"},
		"lookup: signed":               {toolkit + "accounts:lookup", object{"idToken": jwt(`{"alg":"RS256"}`, `{}`)}, "INVALID_ID_TOKEN"},
		"lookup: other project":        {toolkit + "accounts:lookup", object{"idToken": jwt(unsigned, `{"aud":"other","iss":"https://securetoken.google.com/other","user_id":"u"}`)}, "INVALID_ID_TOKEN"},
		"lookup: unknown user":         {toolkit + "accounts:lookup", object{"idToken": jwt(unsigned, `{"aud":"demo-test","iss":"https://securetoken.google.com/demo-test","user_id":"u"}`)}, "USER_NOT_FOUND"},
		"lookup: before valid":         {toolkit + "accounts:lookup", object{"idToken": jwt(unsigned, `{"aud":"demo-test","iss":"https://securetoken.google.com/demo-test","iat":0,"user_id":"`+uid+`"}`)}, "TOKEN_EXPIRED"},
		"update: nothing":              {update, object{}, "INVALID_REQ_TYPE"},
		"update: by uid":               {update, object{"localId": uid, "displayName": "x"}, "INVALID_REQ_TYPE"},
		"update: claims":               {update, object{"idToken": id, "customAttributes": "{}"}, "INSUFFICIENT_PERMISSION"},
		"update: disable":              {update, object{"idToken": id, "disableUser": false}, "OPERATION_NOT_ALLOWED"},
		"update: weak":                 {update, object{"idToken": id, "password": "x"}, "WEAK_PASSWORD"},
		"update: email taken":          {update, object{"idToken": id, "email": "disabled@example.com"}, "EMAIL_EXISTS"},
		"update: malformed":            {update, object{"idToken": id, "email": "x"}, "INVALID_EMAIL"},
		"update: code":                 {update, object{"oobCode": "x"}, "INVALID_OOB_CODE"},
		"delete: nothing":              {toolkit + "accounts:delete", object{}, "MISSING_ID_TOKEN"},
		"delete: by uid":               {toolkit + "accounts:delete", object{"localId": uid}, "MISSING_ID_TOKEN"},
		"oob: nothing":                 {oob, object{}, "MISSING_REQ_TYPE"},
		"oob: unknown":                 {oob, object{"requestType": "X"}, "INVALID_REQ_TYPE"},
		"oob: link for a client":       {oob, object{"requestType": "PASSWORD_RESET", "email": "a@example.com", "returnOobLink": true}, "INSUFFICIENT_PERMISSION"},
		"oob: unknown user":            {oob, object{"requestType": "PASSWORD_RESET", "email": "x@example.com"}, "EMAIL_NOT_FOUND"},
		"oob: no ID token":             {oob, object{"requestType": "VERIFY_EMAIL"}, "MISSING_ID_TOKEN"},
		"oob: relative continueUrl":    {oob, object{"requestType": "EMAIL_SIGNIN", "email": "a@example.com", "continueUrl": "x"}, "INVALID_CONTINUE_URI"},
		"reset: nothing":               {toolkit + "accounts:resetPassword", object{}, "MISSING_OOB_CODE"},
		"reset: not a code":            {toolkit + "accounts:resetPassword", object{"oobCode": "x"}, "INVALID_OOB_CODE"},
		"link: other address":          {toolkit + "accounts:signInWithEmailLink", object{"email": "b@example.com", "oobCode": "x"}, "INVALID_OOB_CODE"},
		"phone: no number":             {toolkit + "accounts:sendVerificationCode", object{"phoneNumber": "010"}, "INVALID_PHONE_NUMBER"},
		"phone: unknown session":       {toolkit + "accounts:signInWithPhoneNumber", object{"sessionInfo": "x", "code": "1"}, "INVALID_SESSION_INFO"},
		"provider: none":               {toolkit + "accounts:signInWithIdp", object{"requestUri": "http://localhost"}, "INVALID_CREDENTIAL_OR_PROVIDER_ID"},
		"provider: no user":            {toolkit + "accounts:signInWithIdp", object{"requestUri": "http://localhost", "postBody": "providerId=google.com&id_token={}"}, "INVALID_IDP_RESPONSE"},
		"methods: not an email":        {toolkit + "accounts:createAuthUri", object{"continueUri": "http://localhost", "identifier": "x"}, "INVALID_IDENTIFIER"},
		"refresh: nothing":             {token, "", "MISSING_GRANT_TYPE"},
		"refresh: other grant":         {token, "grant_type=password", "INVALID_GRANT_TYPE"},
		"refresh: no token":            {token, "grant_type=refresh_token", "MISSING_REFRESH_TOKEN"},
		"refresh: forged":              {token, "grant_type=refresh_token&refresh_token=e30", "INVALID_REFRESH_TOKEN"},
		"admin: unknown user":          {admin + ":update", object{"localId": "nobody"}, "USER_NOT_FOUND"},
		"admin: no uid":                {admin + ":update", object{}, "MISSING_LOCAL_ID"},
		"admin: uid taken":             {admin, object{"localId": uid}, "DUPLICATE_LOCAL_ID"},
		"admin: phone taken":           {admin, object{"phoneNumber": "+821"}, "PHONE_NUMBER_EXISTS"},
		"admin: phone":                 {admin, object{"phoneNumber": "010"}, "INVALID_PHONE_NUMBER"},
		"admin: claims too large":      {admin + ":update", object{"localId": uid, "customAttributes": `{"a":"` + strings.Repeat("x", 1000) + `"}`}, "CLAIMS_TOO_LARGE"},
		"admin: reserved claim":        {admin + ":update", object{"localId": uid, "customAttributes": `{"sub":"x"}`}, "FORBIDDEN_CLAIM"},
		"admin: claims not object":     {admin + ":update", object{"localId": uid, "customAttributes": `5`}, "INVALID_CLAIMS"},
		"admin: second factor":         {admin, object{"mfaInfo": []object{{}}}, "OPERATION_NOT_ALLOWED"},
		"import: no users":             {admin + ":batchCreate", object{}, "MISSING_USER_ACCOUNT"},
		"import: Werkzeug's rounds":    {admin + ":batchCreate", object{"hashAlgorithm": "PBKDF2_SHA256", "rounds": 260_000, "users": []object{{"localId": "i", "passwordHash": "aGFzaA"}}}, "INVALID_HASH_ROUNDS"},
		"import: no algorithm":         {admin + ":batchCreate", object{"users": []object{{"localId": "i", "passwordHash": "aGFzaA"}}}, "MISSING_HASH_ALGORITHM"},
		"import: duplicate uid":        {admin + ":batchCreate", object{"users": []object{{"localId": "i"}, {"localId": "i"}}}, "DUPLICATE_LOCAL_ID"},
		"batch delete: no users":       {admin + ":batchDelete", object{}, "LOCAL_ID_LIST_EXCEEDS_LIMIT"},
		"cookie: short":                {toolkit + "projects/" + project + ":createSessionCookie", object{"idToken": id, "validDuration": "299"}, "INVALID_DURATION"},
		"tenant in the path":           {toolkit + "projects/" + project + "/tenants/t/accounts:lookup", object{}, "UNSUPPORTED_TENANT_OPERATION"},
		"second factor":                {"/identitytoolkit.googleapis.com/v2/accounts/mfaEnrollment:start", object{}, "OPERATION_NOT_ALLOWED"},
		"unknown path":                 {toolkit + "accounts:signOut", object{}, "This emulator has no API"},
		"update: duplicate no-op path": {toolkit + "accounts:update/", object{}, "This emulator has no API"},
	}
	before := len(s.Users(project))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status, res := s.call(t, "POST", test.path, test.body)
			got := message(res)
			if status < 400 || status >= 500 || !strings.HasPrefix(got, test.want) {
				t.Errorf("got %d %v, want %q", status, res, test.want)
			}
			e := res["error"].(object)
			if e["code"] != float64(status) || len(e["errors"].([]any)) != 1 || e["errors"].([]any)[0].(object)["message"] != got {
				t.Errorf("malformed error: %v", res)
			}
		})
	}
	if after := len(s.Users(project)); after != before {
		t.Errorf("rejected requests created %d users", after-before)
	}
}

// TestCredentials tries the credentials of clients and servers.
func TestCredentials(t *testing.T) {
	s := start(t)
	id := s.client(t, "signUp", object{})["idToken"].(string)
	const lookup, admin = toolkit + "accounts:lookup", toolkit + "projects/" + project + "/accounts:lookup"
	tests := map[string]struct {
		path, header, value string
		want                int
	}{
		"client with a key in the query":  {lookup + "?key=k", "", "", 200},
		"client with a key in the header": {lookup, "X-Goog-Api-Key", "k", 200},
		"client without a key":            {lookup, "", "", 403},
		"server":                          {admin, "Authorization", "Bearer owner", 200},
		"server, scheme in lower case":    {admin, "Authorization", "bearer ya29.token", 200},
		"server with nothing":             {admin, "", "", 401},
		"server with a key":               {admin + "?key=k", "", "", 401},
		"server with an empty token":      {admin, "Authorization", "Bearer ", 401},
		"server with another scheme":      {admin, "Authorization", "Basic b3duZXI6", 401},
		"a user as a server":              {admin, "Authorization", "Bearer " + id, 401},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := `{"idToken":"` + id + `"}`
			if strings.HasPrefix(test.path, admin) {
				body = `{"localId":["x"]}`
			}
			req, err := http.NewRequest("POST", s.url+test.path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if test.header != "" {
				req.Header.Set(test.header, test.value)
			}
			if status, res := s.do(t, req); status != test.want {
				t.Errorf("got %d %v, want %d", status, res, test.want)
			}
		})
	}
}

func TestCORS(t *testing.T) {
	s := start(t)
	req, err := http.NewRequest("OPTIONS", s.url+toolkit+"accounts:signUp?key=k", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://localhost:5000")
	req.Header.Set("Access-Control-Request-Method", "POST")
	req.Header.Set("Access-Control-Request-Headers", "content-type,x-client-version,x-firebase-gmpid")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	h := resp.Header
	if resp.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != "http://localhost:5000" ||
		h.Get("Access-Control-Allow-Headers") != "content-type,x-client-version,x-firebase-gmpid" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", resp.StatusCode, h)
	}
	// Pages can read error responses, too.
	req, _ = http.NewRequest("POST", s.url+toolkit+"accounts:signUp", strings.NewReader("{}"))
	req.Header.Set("Origin", "http://localhost:5000")
	if resp, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 403 || resp.Header.Get("Access-Control-Allow-Origin") != "http://localhost:5000" {
		t.Errorf("error response: %d %v", resp.StatusCode, resp.Header)
	}
}

func TestBodyLimit(t *testing.T) {
	s := start(t)
	status, res := s.call(t, "POST", toolkit+"accounts:signUp", `{"displayName":"`+strings.Repeat("x", 11<<20)+`"}`)
	if status != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d %v", status, res)
	}
}

// TestIOS: the iOS SDK refreshes with JSON, and deletes accounts with both uid and token.
func TestIOS(t *testing.T) {
	s := start(t)
	in := s.client(t, "signUp", object{"email": "a@example.com", "password": "password", "displayName": "A", "returnSecureToken": true, "clientType": "CLIENT_TYPE_IOS"})
	status, res := s.call(t, "POST", "/securetoken.googleapis.com/v1/token", object{"grantType": "refresh_token", "refreshToken": in["refreshToken"]})
	if status != 200 || res["user_id"] != in["localId"] || res["expires_in"] != "3600" || res["token_type"] != "Bearer" || res["access_token"] == "" {
		t.Fatalf("refresh: %d %v", status, res)
	}
	s.client(t, "delete", object{"localId": in["localId"], "idToken": res["id_token"]})
	if n := len(s.Users(project)); n != 0 {
		t.Errorf("%d users are left", n)
	}
}

func TestPhone(t *testing.T) {
	s := start(t)
	sendCode := func() (session, code string) {
		session = s.client(t, "sendVerificationCode", object{"phoneNumber": "+821012345678"})["sessionInfo"].(string)
		_, res := s.call(t, "GET", "/emulator/v1/projects/"+project+"/verificationCodes", nil)
		for _, c := range res["verificationCodes"].([]any) {
			if c := c.(object); c["sessionInfo"] == session {
				return session, c["code"].(string)
			}
		}
		t.Fatalf("the code is not listed: %v", res)
		return "", ""
	}
	session, code := sendCode()
	in := s.client(t, "signInWithPhoneNumber", object{"sessionInfo": session, "code": code})
	if in["isNewUser"] != true || in["phoneNumber"] != "+821012345678" {
		t.Errorf("signed in: %v", in)
	}
	if _, res := s.call(t, "POST", toolkit+"accounts:signInWithPhoneNumber", object{"sessionInfo": session, "code": code}); message(res) != "INVALID_SESSION_INFO" {
		t.Errorf("used code: %v", res)
	}
	session, code = sendCode()
	s.clock.Advance(6 * time.Minute)
	if _, res := s.call(t, "POST", toolkit+"accounts:signInWithPhoneNumber", object{"sessionInfo": session, "code": code}); message(res) != "SESSION_EXPIRED" {
		t.Errorf("expired code: %v", res)
	}
}

func TestCodesExpire(t *testing.T) {
	s := start(t)
	s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	s.client(t, "sendOobCode", object{"requestType": "PASSWORD_RESET", "email": "a@example.com"})
	codes := s.Codes(project)
	if len(codes) != 1 || !strings.Contains(s.logs.String(), codes[0].ID) {
		t.Fatalf("codes %v; link logged: %v", codes, strings.Contains(s.logs.String(), "link="))
	}
	s.clock.Advance(61 * time.Minute)
	_, res := s.call(t, "POST", toolkit+"accounts:resetPassword", object{"oobCode": codes[0].ID, "newPassword": "remembered"})
	if message(res) != "EXPIRED_OOB_CODE" {
		t.Errorf("expired code: %v", res)
	}
	if _, res := s.call(t, "GET", "/emulator/v1/projects/"+project+"/oobCodes", nil); len(res["oobCodes"].([]any)) != 0 {
		t.Errorf("an expired code is listed: %v", res)
	}
}

// TestConcurrentSignUp: of concurrent sign-ups with one email address, one succeeds.
func TestConcurrentSignUp(t *testing.T) {
	s := start(t)
	var wg sync.WaitGroup
	messages := make(chan string, 20)
	for range cap(messages) {
		wg.Go(func() {
			_, res := s.call(t, "POST", toolkit+"accounts:signUp", object{"email": "one@example.com", "password": "password"})
			messages <- message(res)
		})
	}
	wg.Wait()
	close(messages)
	count := map[string]int{}
	for a := range messages {
		count[a]++
	}
	if count[""] != 1 || count["EMAIL_EXISTS"] != 19 {
		t.Errorf("responses: %v", count)
	}
}

// TestPasswordsAreHidden: passwords do not appear in logs, errors, responses or exports.
func TestPasswordsAreHidden(t *testing.T) {
	const secret = "correct-horse-battery"
	s := start(t)
	in := s.client(t, "signUp", object{"email": "a@example.com", "password": secret})
	s.call(t, "POST", toolkit+"accounts:signInWithPassword", object{"email": "a@example.com", "password": secret + "-wrong"})
	s.call(t, "POST", toolkit+"accounts:signUp", object{"email": "a@example.com", "password": secret, "extra": 1})
	s.call(t, "POST", toolkit+"accounts:signUp", `{"password":["`+secret+`"]}`)
	seen := s.client(t, "lookup", object{"idToken": in["idToken"]})
	admin := s.admin(t, ":lookup", object{"localId": []any{in["localId"]}})
	var file strings.Builder
	if err := s.Export(project, &file); err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"the log": s.logs.String(), "a client's lookup": fmt.Sprint(seen), "a server's lookup": fmt.Sprint(admin), "an export": file.String()} {
		if strings.Contains(text, secret) {
			t.Errorf("%s contains the password: %s", where, text)
		}
	}
	own := seen["users"].([]any)[0].(object)
	if own["passwordHash"] != "UkVEQUNURUQ=" || own["salt"] != nil || own["hash"] != nil || own["sessions"] != nil {
		t.Errorf("a client sees %v", own)
	}
	if hash := admin["users"].([]any)[0].(object)["passwordHash"]; hash == nil || hash == own["passwordHash"] {
		t.Errorf("a server sees %v", hash)
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(c *auth.Config) { c.DataDir = dir }
	s := start(t, onDisk)
	in := s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	s.client(t, "sendOobCode", object{"requestType": "PASSWORD_RESET", "email": "a@example.com"})
	if _, err := auth.New(auth.Config{Clock: s.clock, Project: project, DataDir: dir}); err == nil {
		t.Error("opened a data directory twice")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, onDisk)
	again := s.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "password"})
	if again["localId"] != in["localId"] {
		t.Errorf("a different uid: %v", again)
	}
	s.refresh(t, in["refreshToken"].(string)) // sessions survive
	if codes := s.Codes(project); len(codes) != 1 {
		t.Errorf("codes: %v", codes)
	}
}

func TestExportImport(t *testing.T) {
	from, to := start(t), start(t)
	in := from.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	from.admin(t, ":update", object{"localId": in["localId"], "customAttributes": `{"role":"x"}`})
	var file strings.Builder
	if err := from.Export(project, &file); err != nil {
		t.Fatal(err)
	}
	if err := to.Import(project, strings.NewReader(file.String())); err != nil {
		t.Fatal(err)
	}
	if err := to.Import(project, strings.NewReader(file.String())); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	again := to.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "password"})
	if u, ok := to.Get(project, again["localId"].(string)); !ok || u.CustomAttributes != `{"role":"x"}` || u.LocalID != in["localId"] {
		t.Errorf("got %+v", u)
	}
	for name, text := range map[string]string{"text that is not JSON": "x", "a file of another kind": `{"kind":"x"}`, "an account without uid": strings.Replace(file.String(), `"localId"`, `"localid2"`, 1)} {
		if err := start(t).Import(project, strings.NewReader(text)); err == nil {
			t.Errorf("imported %s", name)
		}
	}
}

// TestImportFromOfficialEmulator imports an export of the official emulator, which contains plain
// passwords, with the request that its tools send.
func TestImportFromOfficialEmulator(t *testing.T) {
	s := start(t)
	res := s.admin(t, ":batchCreate", `{"kind":"identitytoolkit#DownloadAccountResponse","users":[{"localId":"u1","createdAt":"1600000000000","lastLoginAt":"1600000000001",
		"displayName":"One","passwordHash":"fakeHash:salt=fakeSaltx:password=pass:word","salt":"fakeSaltx","passwordUpdatedAt":1600000000000,"validSince":"1600000000","email":"a@example.com",
		"emailVerified":false,"disabled":false,"lastRefreshAt":"2020-09-13T12:26:40.000Z",
		"providerUserInfo":[{"providerId":"password","email":"a@example.com","federatedId":"a@example.com","rawId":"a@example.com","displayName":"One"}]}]}`)
	if res["error"] != nil {
		t.Fatalf("import: %v", res)
	}
	s.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "pass:word"})
}

func TestControl(t *testing.T) {
	s := start(t, func(c *auth.Config) { c.EmailPrivacy = true })
	config := func(method string, body any) object {
		status, res := s.call(t, method, "/emulator/v1/projects/"+project+"/config", body)
		if status != 200 {
			t.Fatalf("config: %d %v", status, res)
		}
		return res
	}
	privacy := func(res object) any { return res["emailPrivacyConfig"].(object)["enableImprovedEmailPrivacy"] }
	if got := privacy(config("GET", nil)); got != true {
		t.Errorf("privacy %v, want true as configured", got)
	}
	s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	for _, email := range []string{"a@example.com", "nobody@example.com"} {
		if _, res := s.call(t, "POST", toolkit+"accounts:signInWithPassword", object{"email": email, "password": "wrong"}); message(res) != "INVALID_LOGIN_CREDENTIALS" {
			t.Errorf("%s: %v", email, res)
		}
		if got := s.client(t, "createAuthUri", object{"identifier": email, "continueUri": "http://localhost"}); got["registered"] != nil {
			t.Errorf("%s: %v", email, got)
		}
		s.client(t, "sendOobCode", object{"requestType": "PASSWORD_RESET", "email": email})
	}
	if codes := s.Codes(project); len(codes) != 1 {
		t.Errorf("%d codes, want 1", len(codes))
	}
	if got := privacy(config("PATCH", object{"emailPrivacyConfig": object{"enableImprovedEmailPrivacy": false}})); got != false {
		t.Errorf("privacy %v after switching it off", got)
	}
	if status, res := s.call(t, "DELETE", "/emulator/v1/projects/"+project+"/accounts", nil); status != 200 {
		t.Errorf("clear: %d %v", status, res)
	}
	if n := len(s.Users(project)); n != 0 {
		t.Errorf("%d users are left", n)
	}
	if privacy(config("GET", nil)) != false {
		t.Error("clearing the accounts changed the settings")
	}
	for _, path := range []string{toolkit + "projects?key=k", toolkit + "recaptchaParams?key=k", "/identitytoolkit.googleapis.com/v2/recaptchaConfig?key=k",
		"/identitytoolkit.googleapis.com/v2/passwordPolicy?key=k", "/identitytoolkit.googleapis.com/v2/projects/" + project + "/config", "/"} {
		if status, res := s.call(t, "GET", path, nil); status != 200 {
			t.Errorf("GET %s: %d %v", path, status, res)
		}
	}
}

// TestProjects: projects are independent of each other.
func TestProjects(t *testing.T) {
	s := start(t)
	for _, p := range []string{project, "other"} {
		if status, res := s.call(t, "POST", toolkit+"projects/"+p+"/accounts", object{"localId": "u", "email": "a@example.com"}); status != 200 {
			t.Fatalf("%s: %d %v", p, status, res)
		}
	}
	if err := s.Reset(project); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Get("other", "u"); !ok || len(s.Users(project)) != 0 {
		t.Error("resetting a project reset another one, or not itself")
	}
}

// TestProviderTakesOverUnverifiedAddress: a provider's verified address takes over the account of a
// user who never verified it.
func TestProviderTakesOverUnverifiedAddress(t *testing.T) {
	s := start(t)
	squatter := s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	idp := func(verified bool) object {
		claims, _ := json.Marshal(object{"sub": "g1", "email": "a@example.com", "email_verified": verified})
		return s.client(t, "signInWithIdp", object{"requestUri": "http://localhost", "postBody": "providerId=google.com&id_token=" + string(claims), "returnSecureToken": true})
	}
	if got := idp(false); got["needConfirmation"] != true || got["idToken"] != nil {
		t.Errorf("signed in with an unverified address: %v", got)
	}
	if got := idp(true); got["localId"] != squatter["localId"] || got["idToken"] == nil {
		t.Errorf("signed in: %v", got)
	}
	if _, res := s.call(t, "POST", toolkit+"accounts:signInWithPassword", object{"email": "a@example.com", "password": "password"}); message(res) != "INVALID_PASSWORD" {
		t.Errorf("the squatter's password: %v", res)
	}
	u, _ := s.Get(project, squatter["localId"].(string))
	if len(u.Providers) != 1 || u.Providers[0] != (account.Provider{ProviderID: "google.com", RawID: "g1", FederatedID: "g1", Email: "a@example.com"}) {
		t.Errorf("providers: %+v", u.Providers)
	}
}

func TestNewRejectsInvalidConfig(t *testing.T) {
	s := start(t)
	for field, cfg := range map[string]auth.Config{"Clock": {Project: project}, "Project": {Clock: s.clock}} {
		if _, err := auth.New(cfg); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("without %s: %v", field, err)
		}
	}
}
