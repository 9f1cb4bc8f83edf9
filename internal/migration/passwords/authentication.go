package passwords

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"firebase.google.com/go/v4/auth"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/gcp"
)

// Firebase is [Authentication] of a project.
type Firebase struct {
	project  string
	accounts *auth.Client
	http     *http.Client
	base     string // of the REST API
}

// OpenFirebase opens the Authentication of a project. Like the Admin SDK, it reads
// FIREBASE_AUTH_EMULATOR_HOST.
func OpenFirebase(ctx context.Context, project string) (*Firebase, error) {
	accounts, err := gcp.Authentication(ctx, project, "")
	if err != nil {
		return nil, err
	}
	f := &Firebase{project: project, accounts: accounts, base: "https://identitytoolkit.googleapis.com", http: &http.Client{Transport: owner{}}}
	if emulator := os.Getenv("FIREBASE_AUTH_EMULATOR_HOST"); emulator != "" {
		f.base = "http://" + emulator + "/identitytoolkit.googleapis.com"
		return f, nil
	}
	f.http, _, err = htransport.NewClient(ctx, option.WithScopes("https://www.googleapis.com/auth/identitytoolkit"), option.WithQuotaProject(project))
	if err != nil {
		return nil, fmt.Errorf("open Authentication of project %s: %w", project, err)
	}
	return f, nil
}

// owner sends requests as an administrator of the emulator.
type owner struct{}

// RoundTrip implements [http.RoundTripper].
func (owner) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer owner")
	return http.DefaultTransport.RoundTrip(r)
}

// maxResponse limits a response: 100 accounts with their claims.
const maxResponse = 4 << 20

// PasswordTimes implements [Authentication]. The Admin SDK does not say when a password was set.
//
// Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/UserInfo
func (f *Firebase) PasswordTimes(ctx context.Context, uids []string) (map[string]time.Time, error) {
	body, err := json.Marshal(map[string]any{"localId": uids})
	if err != nil {
		return nil, err
	}
	url := f.base + "/v1/projects/" + f.project + "/accounts:lookup"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := f.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("look up accounts: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("look up accounts: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("look up accounts: status %d", response.StatusCode) // the text would quote accounts
	}
	var found struct {
		Users []struct {
			LocalID          string `json:"localId"`
			ProviderUserInfo []struct {
				ProviderID string `json:"providerId"`
			} `json:"providerUserInfo"`
			PasswordUpdatedAt json.Number `json:"passwordUpdatedAt"`
		} `json:"users"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("look up accounts: %w", err)
	}
	times := map[string]time.Time{}
	for _, user := range found.Users {
		for _, provider := range user.ProviderUserInfo {
			if provider.ProviderID != passwordProvider {
				continue
			}
			millis, err := json.Number(cmp.Or(user.PasswordUpdatedAt, "0")).Float64()
			if err != nil {
				return nil, fmt.Errorf("look up account %s: when its password was set: %w", user.LocalID, err)
			}
			times[user.LocalID] = time.UnixMilli(int64(millis))
		}
	}
	return times, nil
}

// passwordProvider is the provider id of accounts that have a password.
const passwordProvider = "password"

// RemovePassword implements [Authentication]. The account's address, its other providers and its sessions stay, so that
// nobody else can take the address.
//
// Sources: https://github.com/firebase/firebase-js-sdk/issues/3592 and, for what a project in production responds to a
// sign-up with such an address, https://github.com/firebase/firebase-tools/pull/10524
func (f *Firebase) RemovePassword(ctx context.Context, uid string) error {
	update := (&auth.UserToUpdate{}).ProvidersToDelete([]string{passwordProvider})
	if _, err := f.accounts.UpdateUser(ctx, uid, update); err != nil && !auth.IsUserNotFound(err) {
		// Not wrapped: the SDK's errors quote responses.
		return fmt.Errorf("remove the replaced password of account %s in Authentication", uid)
	}
	return nil
}

// ChangeAddress implements [Authentication].
func (f *Firebase) ChangeAddress(ctx context.Context, uid, from, to string) (holder string, err error) {
	user, err := f.accounts.GetUser(ctx, uid)
	if auth.IsUserNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look up account %s, whose username has changed", uid)
	}
	isOld := strings.HasSuffix(user.Email, "@"+email.OldDomain)
	if from == AnyOldAddress && isOld {
		from = user.Email
	}
	// An account whose password was removed still has its address. That of another provider is not this service's.
	hasPassword := slices.ContainsFunc(user.ProviderUserInfo, func(p *auth.UserInfo) bool { return p.ProviderID == passwordProvider })
	own := isOld || hasPassword || len(user.ProviderUserInfo) == 0
	if !own || user.Email != from || from == to {
		return "", nil
	}
	update := (&auth.UserToUpdate{}).Email(to).EmailVerified(user.EmailVerified)
	_, err = f.accounts.UpdateUser(ctx, uid, update)
	switch {
	case auth.IsEmailAlreadyExists(err):
		return f.holder(ctx, to)
	case err != nil && !auth.IsUserNotFound(err):
		return "", fmt.Errorf("change the address of account %s in Authentication", uid) // not wrapped, as above
	}
	return "", nil
}

// holder returns the uid of the account that has an address, "" if none has it any more.
func (f *Firebase) holder(ctx context.Context, address string) (string, error) {
	user, err := f.accounts.GetUserByEmail(ctx, address)
	if auth.IsUserNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", errors.New("look up which account has the new address of a renamed user") // not wrapped, as above
	}
	return user.UID, nil
}
