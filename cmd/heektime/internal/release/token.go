package release

import (
	"context"
	"fmt"

	"google.golang.org/api/impersonate"

	"heek.kr/heektime/internal/deployment/spec"
)

// ImpersonatedToken returns a [HealthCheck.Token] that gets identity tokens of a service account, an invoker of
// all services. The application default credentials need a role on it. A user's own credentials cannot create
// a token with an audience.
//
// Source: https://cloud.google.com/docs/authentication/get-id-token#impersonation
func ImpersonatedToken(project, account string) func(ctx context.Context, s *spec.Service, audience string) (string, error) {
	email := spec.Email(project, account)
	return func(ctx context.Context, s *spec.Service, audience string) (string, error) {
		source, err := impersonate.IDTokenSource(ctx, impersonate.IDTokenConfig{Audience: audience, TargetPrincipal: email, IncludeEmail: true})
		if err != nil {
			return "", fmt.Errorf("open the application default credentials: %w; run gcloud auth application-default login", err)
		}
		token, err := source.Token()
		if err != nil {
			return "", fmt.Errorf("create an identity token of %s, to call %s: %w; you need a role on that account: "+
				"gcloud iam service-accounts add-iam-policy-binding %s --project %s --role roles/iam.serviceAccountOpenIdTokenCreator --member user:YOU",
				email, s.Name, err, email, project)
		}
		return token.AccessToken, nil
	}
}
