package auth_test

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	firebase "firebase.google.com/go/v4"
	sdk "firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/auth/hash"
	"google.golang.org/api/iterator"
)

// adminClient returns a client of the Go Admin SDK. It sets an environment variable, so tests that
// use it cannot be parallel.
func (s *server) adminClient(t *testing.T) *sdk.Client {
	t.Helper()
	t.Setenv("FIREBASE_AUTH_EMULATOR_HOST", s.host)
	app, err := firebase.NewApp(t.Context(), &firebase.Config{ProjectID: project})
	if err != nil {
		t.Fatal(err)
	}
	client, err := app.Auth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// must returns a function that returns v or fails the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestAdminUsers follows accounts from creation to deletion. It is long because each step depends
// on the one before.
func TestAdminUsers(t *testing.T) {
	s := start(t)
	c, ctx := s.adminClient(t), t.Context()
	u := must(c.CreateUser(ctx, (&sdk.UserToCreate{}).UID("u1").Email("One@Example.com").Password("password").DisplayName("One").
		PhoneNumber("+821012345678").PhotoURL("https://example.com/1.png").EmailVerified(true)))(t)
	if u.UID != "u1" || u.Email != "one@example.com" || !u.EmailVerified || u.DisplayName != "One" || u.PhoneNumber != "+821012345678" {
		t.Errorf("created %+v", u.UserInfo)
	}
	if u.UserMetadata.CreationTimestamp == 0 || u.UserMetadata.LastLogInTimestamp != 0 || u.TokensValidAfterMillis == 0 {
		t.Errorf("times: %+v, valid after %d", u.UserMetadata, u.TokensValidAfterMillis)
	}
	generated := must(c.CreateUser(ctx, nil))(t)
	if len(generated.UID) != 28 {
		t.Errorf("generated uid %q", generated.UID)
	}

	for name, find := range map[string]func() (*sdk.UserRecord, error){
		"by uid":      func() (*sdk.UserRecord, error) { return c.GetUser(ctx, "u1") },
		"by email":    func() (*sdk.UserRecord, error) { return c.GetUserByEmail(ctx, "ONE@example.com") },
		"by phone":    func() (*sdk.UserRecord, error) { return c.GetUserByPhoneNumber(ctx, "+821012345678") },
		"by provider": func() (*sdk.UserRecord, error) { return c.GetUserByProviderUID(ctx, "phone", "+821012345678") },
	} {
		if got, err := find(); err != nil || got.UID != "u1" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	found := must(c.GetUsers(ctx, []sdk.UserIdentifier{
		sdk.UIDIdentifier{UID: "u1"}, sdk.EmailIdentifier{Email: "one@example.com"}, sdk.UIDIdentifier{UID: "nobody"},
	}))(t)
	if len(found.Users) != 1 || len(found.NotFound) != 1 {
		t.Errorf("found %d, not found %d", len(found.Users), len(found.NotFound))
	}

	for name, test := range map[string]struct {
		err error
		is  func(error) bool
	}{
		"uid taken":                {second(c.CreateUser(ctx, (&sdk.UserToCreate{}).UID("u1"))), sdk.IsUIDAlreadyExists},
		"email taken":              {second(c.CreateUser(ctx, (&sdk.UserToCreate{}).Email("one@EXAMPLE.com"))), sdk.IsEmailAlreadyExists},
		"phone taken":              {second(c.CreateUser(ctx, (&sdk.UserToCreate{}).PhoneNumber("+821012345678"))), sdk.IsPhoneNumberAlreadyExists},
		"email moved to":           {second(c.UpdateUser(ctx, generated.UID, (&sdk.UserToUpdate{}).Email("one@example.com"))), sdk.IsEmailAlreadyExists},
		"unknown user":             {second(c.GetUser(ctx, "nobody")), sdk.IsUserNotFound},
		"unknown email":            {second(c.GetUserByEmail(ctx, "nobody@example.com")), sdk.IsUserNotFound},
		"update of unknown user":   {second(c.UpdateUser(ctx, "nobody", (&sdk.UserToUpdate{}).Disabled(true))), sdk.IsUserNotFound},
		"deletion of unknown user": {c.DeleteUser(ctx, "nobody"), sdk.IsUserNotFound},
		"tenant":                   {second(must(c.TenantManager.AuthForTenant("t"))(t).GetUser(ctx, "u1")), func(err error) bool { return strings.Contains(fmt.Sprint(err), "no tenants") }},
	} {
		if test.err == nil || !test.is(test.err) {
			t.Errorf("%s: got %v", name, test.err)
		}
	}

	u = must(c.UpdateUser(ctx, "u1", (&sdk.UserToUpdate{}).Email("new@example.com").DisplayName("").PhotoURL("").PhoneNumber("").
		Disabled(true).ProviderToLink(&sdk.UserProvider{ProviderID: "google.com", UID: "g1", Email: "g@example.com"})))(t)
	if u.Email != "new@example.com" || u.EmailVerified || u.DisplayName != "" || u.PhotoURL != "" || u.PhoneNumber != "" || !u.Disabled {
		t.Errorf("updated %+v, disabled %v", u.UserInfo, u.Disabled)
	}
	if got := must(c.GetUserByProviderUID(ctx, "google.com", "g1"))(t); got.UID != "u1" || len(got.ProviderUserInfo) != 2 {
		t.Errorf("by a linked provider: %+v", got)
	}
	if err := second(c.UpdateUser(ctx, generated.UID, (&sdk.UserToUpdate{}).ProviderToLink(&sdk.UserProvider{ProviderID: "google.com", UID: "g1"}))); err == nil {
		t.Error("linked a provider's user to two accounts")
	}
	u = must(c.UpdateUser(ctx, "u1", (&sdk.UserToUpdate{}).ProvidersToDelete([]string{"google.com"})))(t)
	if len(u.ProviderUserInfo) != 1 || u.ProviderUserInfo[0].ProviderID != "password" {
		t.Errorf("providers left: %v", u.ProviderUserInfo)
	}

	if err := c.DeleteUser(ctx, "u1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetUser(ctx, "u1"); !sdk.IsUserNotFound(err) {
		t.Errorf("after deletion: %v", err)
	}
}

// second returns the second of two results.
func second[T any](_ T, err error) error { return err }

func TestAdminListAndBatchDelete(t *testing.T) {
	s := start(t)
	c, ctx := s.adminClient(t), t.Context()
	var want []string
	var users []*sdk.UserToImport
	for i := range 57 {
		uid := fmt.Sprintf("user%03d", i)
		want = append(want, uid)
		users = append(users, (&sdk.UserToImport{}).UID(uid).Email(uid+"@example.com"))
	}
	if got := must(c.ImportUsers(ctx, users))(t); got.SuccessCount != 57 {
		t.Fatalf("imported %+v", got)
	}
	for _, size := range []int{1000, 57, 20, 19} {
		it := c.Users(ctx, "")
		pager := iterator.NewPager(it, size, "")
		var got []string
		pages := 0
		for token := "more"; token != ""; pages++ {
			var page []*sdk.ExportedUserRecord
			var err error
			if token, err = pager.NextPage(&page); err != nil {
				t.Fatal(err)
			}
			for _, u := range page {
				got = append(got, u.UID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %v", size, got)
		}
		if wantPages := (57 + size - 1) / size; pages != wantPages {
			t.Errorf("pages of %d: %d pages, want %d", size, pages, wantPages)
		}
	}
	yes := true
	query := must(c.QueryUsers(ctx, &sdk.QueryUsersRequest{ReturnUserInfo: &yes, Limit: 5, Offset: 2, SortBy: sdk.UserEmail, Order: sdk.Desc}))(t)
	if len(query.Users) != 5 || query.Users[0].UID != "user054" {
		t.Errorf("query: %d users, first %v", len(query.Users), query.Users[0].UID)
	}
	if got := must(c.DeleteUsers(ctx, append(want[:50], "nobody")))(t); got.SuccessCount != 51 {
		t.Errorf("deleted %+v", got)
	}
	if n := len(s.Users(project)); n != 7 {
		t.Errorf("%d users are left, want 7", n)
	}
}

func TestAdminClaimsAndTokens(t *testing.T) {
	s := start(t)
	c, ctx := s.adminClient(t), t.Context()
	custom := must(c.CustomTokenWithClaims(ctx, "u1", map[string]any{"legacy": true, "role": "session's"}))(t)
	first := s.client(t, "signInWithCustomToken", object{"token": custom, "returnSecureToken": true})
	token := must(c.VerifyIDToken(ctx, first["idToken"].(string)))(t)
	if token.UID != "u1" || token.Claims["legacy"] != true || token.Firebase.SignInProvider != "custom" {
		t.Errorf("token %+v", token)
	}
	if err := c.SetCustomUserClaims(ctx, "u1", map[string]any{"role": "account's", "admin": true, "big": 9007199254740993}); err != nil {
		t.Fatal(err)
	}
	second := s.refresh(t, first["refreshToken"].(string))
	token = must(c.VerifyIDToken(ctx, second))(t)
	if token.Claims["admin"] != true || token.Claims["legacy"] != true || token.Claims["role"] != "session's" {
		t.Errorf("after a refresh: %v", token.Claims)
	}
	if got := must(c.GetUser(ctx, "u1"))(t).CustomClaims; got["role"] != "account's" {
		t.Errorf("claims of the account: %v", got)
	}
	if err := c.SetCustomUserClaims(ctx, "u1", nil); err != nil {
		t.Fatal(err)
	}
	if got := must(c.GetUser(ctx, "u1"))(t).CustomClaims; len(got) != 0 {
		t.Errorf("claims after removing them: %v", got)
	}

	cookie := must(c.SessionCookie(ctx, second, 24*time.Hour))(t)
	session := must(c.VerifySessionCookieAndCheckRevoked(ctx, cookie))(t)
	if session.UID != "u1" || session.Expires-session.IssuedAt != 24*60*60 {
		t.Errorf("session cookie %+v", session)
	}
	if _, err := c.SessionCookie(ctx, "no.id.token", time.Hour); err == nil {
		t.Error("created a cookie for an invalid token")
	}

	// Advancing the clock does not affect times that SDKs compare with the system time.
	s.clock.Advance(48 * time.Hour)
	custom = must(c.CustomToken(ctx, "u1"))(t)
	later := s.client(t, "signInWithCustomToken", object{"token": custom})
	must(c.VerifyIDToken(ctx, later["idToken"].(string)))(t)
}

// refresh exchanges a refresh token for an ID token.
func (s *server) refresh(t *testing.T, refreshToken string) string {
	t.Helper()
	status, res := s.call(t, "POST", "/securetoken.googleapis.com/v1/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}.Encode())
	if status != 200 {
		t.Fatalf("refresh: %d %v", status, res)
	}
	return res["id_token"].(string)
}

func TestAdminRevokesAndDisables(t *testing.T) {
	s := start(t)
	c, ctx := s.adminClient(t), t.Context()
	in := s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	uid, id := in["localId"].(string), in["idToken"].(string)
	issued := must(c.VerifyIDToken(ctx, id))(t).IssuedAt
	// Revocation has a resolution of seconds, as in production: an ID token of the same second
	// stays valid.
	waitUntil(ctx, time.Unix(issued+1, 0))
	if err := c.RevokeRefreshTokens(ctx, uid); err != nil {
		t.Fatal(err)
	}
	if _, err := c.VerifyIDTokenAndCheckRevoked(ctx, id); !sdk.IsIDTokenRevoked(err) {
		t.Errorf("a revoked token: %v", err)
	}
	if _, res := s.call(t, "POST", toolkit+"accounts:lookup", object{"idToken": id}); message(res) != "TOKEN_EXPIRED" {
		t.Errorf("lookup with a revoked token: %v", res)
	}
	in = s.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "password"})
	must(c.VerifyIDTokenAndCheckRevoked(ctx, in["idToken"].(string)))(t)
	// The session that changes the password continues with new tokens.
	in = s.client(t, "update", object{"idToken": in["idToken"], "password": "another password", "returnSecureToken": true})
	must(c.VerifyIDTokenAndCheckRevoked(ctx, in["idToken"].(string)))(t)

	must(c.UpdateUser(ctx, uid, (&sdk.UserToUpdate{}).Disabled(true)))(t)
	if _, err := c.VerifyIDTokenAndCheckRevoked(ctx, in["idToken"].(string)); !sdk.IsUserDisabled(err) {
		t.Errorf("a disabled user's token: %v", err)
	}
}

// waitUntil waits until a system time, which is the clock of the Admin SDK.
func waitUntil(ctx context.Context, when time.Time) {
	wait, cancel := context.WithDeadline(ctx, when)
	defer cancel()
	<-wait.Done()
}

func TestAdminLinks(t *testing.T) {
	s := start(t)
	c, ctx := s.adminClient(t), t.Context()
	must(c.CreateUser(ctx, (&sdk.UserToCreate{}).UID("u1").Email("a@example.com").Password("password")))(t)
	settings := &sdk.ActionCodeSettings{URL: "https://app.example.com/done", HandleCodeInApp: true}

	reset := must(c.PasswordResetLink(ctx, "a@example.com"))(t)
	if _, res := s.call(t, "GET", local(t, reset)+"&newPassword=remembered", nil); message(res) != "" {
		t.Errorf("password reset link: %v", res)
	}
	s.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "remembered"})

	verify := must(c.EmailVerificationLinkWithSettings(ctx, "a@example.com", settings))(t)
	if got := must(url.Parse(verify))(t).Query().Get("continueUrl"); got != settings.URL {
		t.Errorf("continueUrl %q", got)
	}
	code := must(url.Parse(verify))(t).Query().Get("oobCode")
	s.client(t, "update", object{"oobCode": code})
	if !must(c.GetUser(ctx, "u1"))(t).EmailVerified {
		t.Error("the email is not verified")
	}
	code = must(url.Parse(must(c.EmailSignInLink(ctx, "new@example.com", settings))(t)))(t).Query().Get("oobCode")
	in := s.client(t, "signInWithEmailLink", object{"email": "new@example.com", "oobCode": code})
	if in["isNewUser"] != true {
		t.Errorf("sign-in with a link: %v", in)
	}
	if _, err := c.PasswordResetLink(ctx, "nobody@example.com"); !sdk.IsEmailNotFound(err) {
		t.Errorf("link for an unknown email: %v", err)
	}
}

// local returns the path and query of a URL.
func local(t *testing.T, rawURL string) string {
	t.Helper()
	return must(url.Parse(rawURL))(t).RequestURI()
}

// TestAdminImportsHashes imports accounts and signs in to them. It is long because each step
// depends on the one before.
func TestAdminImportsHashes(t *testing.T) {
	s := start(t)
	c, ctx := s.adminClient(t), t.Context()
	const rounds = 120_000
	sum := must(pbkdf2.Key(sha256.New, "old password", []byte("salt"), rounds, 32))(t)
	old := func(uid string) *sdk.UserToImport {
		return (&sdk.UserToImport{}).UID(uid).Email(uid + "@example.com").PasswordHash(sum).PasswordSalt([]byte("salt"))
	}
	result := must(c.ImportUsers(ctx, []*sdk.UserToImport{
		old("u1").CustomClaims(map[string]any{"legacy": true}).DisplayName("One").Metadata(&sdk.UserMetadata{CreationTimestamp: 1_600_000_000_000}),
		old("u2").Disabled(true),
		old("u3").Email("u1@example.com"),
		(&sdk.UserToImport{}).UID("u4").ProviderData([]*sdk.UserProvider{{ProviderID: "google.com", UID: "g4"}}),
	}, sdk.WithHash(hash.PBKDF2SHA256{Rounds: rounds})))(t)
	if result.SuccessCount != 3 || result.FailureCount != 1 || result.Errors[0].Index != 2 {
		t.Fatalf("imported %+v", result)
	}
	in := func(uid, plain string) string {
		_, res := s.call(t, "POST", toolkit+"accounts:signInWithPassword", object{"email": uid + "@example.com", "password": plain})
		return message(res)
	}
	exported := func(uid string) *sdk.ExportedUserRecord {
		it := c.Users(ctx, "")
		for u, err := it.Next(); err == nil; u, err = it.Next() {
			if u.UID == uid {
				return u
			}
		}
		t.Fatalf("%s is not listed", uid)
		return nil
	}
	if got := exported("u1"); got.PasswordHash != "" || got.UserMetadata.CreationTimestamp != 1_600_000_000_000 || got.CustomClaims["legacy"] != true {
		t.Errorf("listed before the first sign-in: %+v", got)
	}
	if got := in("u1", "new password"); got != "INVALID_PASSWORD" {
		t.Errorf("a wrong password: %q", got)
	}
	// Concurrent sign-ins: one replaces the imported hash while others verify it.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := in("u1", "old password"); got != "" {
				t.Errorf("the right password: %q", got)
			}
		})
	}
	wg.Wait()
	if got := in("u1", "old password"); got != "" {
		t.Errorf("the right password again: %q", got)
	}
	if exported("u1").PasswordHash == "" {
		t.Error("the sign-in did not replace the imported hash")
	}
	if got := in("u2", "old password"); got != "USER_DISABLED" {
		t.Errorf("a disabled user: %q", got)
	}
	if must(c.GetUserByProviderUID(ctx, "google.com", "g4"))(t).UID != "u4" {
		t.Error("a provider was not imported")
	}
	if again := must(c.ImportUsers(ctx, []*sdk.UserToImport{old("u1")}, sdk.WithHash(hash.PBKDF2SHA256{Rounds: rounds})))(t); again.FailureCount != 1 {
		t.Errorf("imported again: %+v", again)
	}
}
