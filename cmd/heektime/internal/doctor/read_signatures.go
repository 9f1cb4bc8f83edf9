package doctor

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"

	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/option"

	"heek.kr/heektime/internal/deployment/spec"
)

// signers are the accounts that sign custom tokens: those with the role on themselves.
func (o *Options) signers() (accounts []string) {
	for _, g := range o.Table.Grants() {
		if g.Role == signerRole && g.On.Kind == spec.OnAccount && g.On.ID == g.Account {
			accounts = append(accounts, g.Account)
		}
	}
	return accounts
}

// readSignatures has every signer sign something, with a token of its own: a signature made with the
// caller's token would prove only that the caller may sign.
//
// Source: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts
func readSignatures(ctx context.Context, r *reader) error {
	caller, err := iamcredentials.NewService(ctx, r.options(credentialsAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open IAM Service Account Credentials: %w", err)
	}
	for _, account := range r.signers() {
		name := "projects/-/serviceAccounts/" + spec.Email(r.Project, account)
		token, err := caller.Projects.ServiceAccounts.GenerateAccessToken(name, &iamcredentials.GenerateAccessTokenRequest{
			Scope: []string{"https://www.googleapis.com/auth/cloud-platform"}, Lifetime: "60s",
		}).Context(ctx).Do()
		if err != nil {
			return fmt.Errorf("get a token of %s: %w", account, err)
		}
		client := &http.Client{Transport: bearer{anonymousClient().Transport, token.AccessToken}}
		self, err := iamcredentials.NewService(ctx, append(r.options(credentialsAPI, "/"), option.WithHTTPClient(client))...)
		if err != nil {
			return fmt.Errorf("open IAM Service Account Credentials: %w", err)
		}
		_, err = self.Projects.ServiceAccounts.SignBlob(name, &iamcredentials.SignBlobRequest{
			Payload: base64.StdEncoding.EncodeToString([]byte("heektime doctor")),
		}).Context(ctx).Do()
		if err != nil {
			r.state.Signatures[account] = err
		}
	}
	return nil
}

// bearer sends a token.
type bearer struct {
	http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.RoundTripper.RoundTrip(r)
}
