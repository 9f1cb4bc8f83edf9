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

// adminClient is Google's client for servers. It reads the environment when it is made, so tests with it are not parallel.
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

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

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
	made := must(c.CreateUser(ctx, nil))(t)
	if len(made.UID) != 28 {
		t.Errorf("a made-up uid is %q", made.UID)
	}

	for name, find := range map[string]func() (*sdk.UserRecord, error){
		"by uid":      func() (*sdk.UserRecord, error) { return c.GetUser(ctx, "u1") },
		"by e-mail":   func() (*sdk.UserRecord, error) { return c.GetUserByEmail(ctx, "ONE@example.com") },
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
		"uid taken":          {second(c.CreateUser(ctx, (&sdk.UserToCreate{}).UID("u1"))), sdk.IsUIDAlreadyExists},
		"e-mail taken":       {second(c.CreateUser(ctx, (&sdk.UserToCreate{}).Email("one@EXAMPLE.com"))), sdk.IsEmailAlreadyExists},
		"phone taken":        {second(c.CreateUser(ctx, (&sdk.UserToCreate{}).PhoneNumber("+821012345678"))), sdk.IsPhoneNumberAlreadyExists},
		"e-mail moved to":    {second(c.UpdateUser(ctx, made.UID, (&sdk.UserToUpdate{}).Email("one@example.com"))), sdk.IsEmailAlreadyExists},
		"nobody":             {second(c.GetUser(ctx, "nobody")), sdk.IsUserNotFound},
		"nobody by e-mail":   {second(c.GetUserByEmail(ctx, "nobody@example.com")), sdk.IsUserNotFound},
		"update of nobody":   {second(c.UpdateUser(ctx, "nobody", (&sdk.UserToUpdate{}).Disabled(true))), sdk.IsUserNotFound},
		"deletion of nobody": {c.DeleteUser(ctx, "nobody"), sdk.IsUserNotFound},
		"tenant":             {second(must(c.TenantManager.AuthForTenant("t"))(t).GetUser(ctx, "u1")), func(err error) bool { return strings.Contains(fmt.Sprint(err), "no tenants") }},
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
	if err := second(c.UpdateUser(ctx, made.UID, (&sdk.UserToUpdate{}).ProviderToLink(&sdk.UserProvider{ProviderID: "google.com", UID: "g1"}))); err == nil {
		t.Error("one user of a provider is linked to two accounts")
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
		t.Errorf("query: %d users, the first is %v", len(query.Users), query.Users[0].UID)
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
		t.Errorf("the account's claims are %v", got)
	}
	if err := c.SetCustomUserClaims(ctx, "u1", nil); err != nil {
		t.Fatal(err)
	}
	if got := must(c.GetUser(ctx, "u1"))(t).CustomClaims; len(got) != 0 {
		t.Errorf("removed claims are %v", got)
	}

	cookie := must(c.SessionCookie(ctx, second, 24*time.Hour))(t)
	session := must(c.VerifySessionCookieAndCheckRevoked(ctx, cookie))(t)
	if session.UID != "u1" || session.Expires-session.IssuedAt != 24*60*60 {
		t.Errorf("session cookie %+v", session)
	}
	if _, err := c.SessionCookie(ctx, "no.id.token", time.Hour); err == nil {
		t.Error("a cookie for a broken token")
	}

	// The clock does not disturb what SDKs compare with their own.
	s.clock.Advance(48 * time.Hour)
	custom = must(c.CustomToken(ctx, "u1"))(t)
	later := s.client(t, "signInWithCustomToken", object{"token": custom})
	must(c.VerifyIDToken(ctx, later["idToken"].(string)))(t)
}

// refresh trades a refresh token for an ID token.
func (s *server) refresh(t *testing.T, refreshToken string) string {
	t.Helper()
	status, answer := s.call(t, "POST", "/securetoken.googleapis.com/v1/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}.Encode())
	if status != 200 {
		t.Fatalf("refresh: %d %v", status, answer)
	}
	return answer["id_token"].(string)
}

func TestAdminRevokesAndDisables(t *testing.T) {
	s := start(t)
	c, ctx := s.adminClient(t), t.Context()
	in := s.client(t, "signUp", object{"email": "a@example.com", "password": "password"})
	uid, id := in["localId"].(string), in["idToken"].(string)
	issued := must(c.VerifyIDToken(ctx, id))(t).IssuedAt
	// Revocation counts in whole seconds, in the real service too: an ID token of the same second outlives it.
	waitUntil(ctx, time.Unix(issued+1, 0))
	if err := c.RevokeRefreshTokens(ctx, uid); err != nil {
		t.Fatal(err)
	}
	if _, err := c.VerifyIDTokenAndCheckRevoked(ctx, id); !sdk.IsIDTokenRevoked(err) {
		t.Errorf("a revoked token: %v", err)
	}
	if _, answer := s.call(t, "POST", toolkit+"accounts:lookup", object{"idToken": id}); message(answer) != "TOKEN_EXPIRED" {
		t.Errorf("look-up with a revoked token: %v", answer)
	}
	in = s.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "password"})
	must(c.VerifyIDTokenAndCheckRevoked(ctx, in["idToken"].(string)))(t)

	must(c.UpdateUser(ctx, uid, (&sdk.UserToUpdate{}).Disabled(true)))(t)
	if _, err := c.VerifyIDTokenAndCheckRevoked(ctx, in["idToken"].(string)); !sdk.IsUserDisabled(err) {
		t.Errorf("a disabled user's token: %v", err)
	}
}

// waitUntil waits for the machine's clock: the Admin SDK knows no other.
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
	if _, answer := s.call(t, "GET", local(t, reset)+"&newPassword=remembered", nil); message(answer) != "" {
		t.Errorf("the link to reset: %v", answer)
	}
	s.client(t, "signInWithPassword", object{"email": "a@example.com", "password": "remembered"})

	verify := must(c.EmailVerificationLinkWithSettings(ctx, "a@example.com", settings))(t)
	if got := must(url.Parse(verify))(t).Query().Get("continueUrl"); got != settings.URL {
		t.Errorf("the link leads on to %q", got)
	}
	code := must(url.Parse(verify))(t).Query().Get("oobCode")
	s.client(t, "update", object{"oobCode": code})
	if !must(c.GetUser(ctx, "u1"))(t).EmailVerified {
		t.Error("the address is not verified")
	}
	code = must(url.Parse(must(c.EmailSignInLink(ctx, "new@example.com", settings))(t)))(t).Query().Get("oobCode")
	in := s.client(t, "signInWithEmailLink", object{"email": "new@example.com", "oobCode": code})
	if in["isNewUser"] != true {
		t.Errorf("signed in by a link: %v", in)
	}
	if _, err := c.PasswordResetLink(ctx, "nobody@example.com"); !sdk.IsEmailNotFound(err) {
		t.Errorf("a link for nobody: %v", err)
	}
}

// local is the path and query of an address.
func local(t *testing.T, address string) string {
	t.Helper()
	return must(url.Parse(address))(t).RequestURI()
}

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
		_, answer := s.call(t, "POST", toolkit+"accounts:signInWithPassword", object{"email": uid + "@example.com", "password": plain})
		return message(answer)
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
	// Two sign-ins at once, of which one replaces the imported hash while the other checks it.
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
		t.Error("the hash was not renewed by the sign-in")
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
