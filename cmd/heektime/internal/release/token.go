package release

import (
	"context"
	"fmt"

	"google.golang.org/api/impersonate"

	"heek.kr/heektime/internal/deployment/spec"
)

// InvokerToken returns a [HealthCheck.Token] that gets identity tokens of an account that may call the
// service, the first of its invokers. The application default credentials need the permission to create
// them. A user's own credentials cannot create a token with an audience, and need none this way.
//
// Source: https://cloud.google.com/docs/authentication/get-id-token#impersonation
func InvokerToken(project string) func(ctx context.Context, s *spec.Service, audience string) (string, error) {
	return func(ctx context.Context, s *spec.Service, audience string) (string, error) {
		if len(s.Invokers) == 0 {
			return "", fmt.Errorf("the table names no account that may call %s", s.Name)
		}
		account := spec.Email(project, s.Invokers[0])
		source, err := impersonate.IDTokenSource(ctx, impersonate.IDTokenConfig{Audience: audience, TargetPrincipal: account, IncludeEmail: true})
		if err != nil {
			return "", fmt.Errorf("open the application default credentials: %w; run gcloud auth application-default login", err)
		}
		token, err := source.Token()
		if err != nil {
			return "", fmt.Errorf("create an identity token of %s, to call %s: %w; you need a role on that account: "+
				"gcloud iam service-accounts add-iam-policy-binding %s --project %s --role roles/iam.serviceAccountOpenIdTokenCreator --member user:YOU",
				account, s.Name, err, account, project)
		}
		return token.AccessToken, nil
	}
}
