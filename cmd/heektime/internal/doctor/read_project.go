package doctor

import (
	"context"
	"fmt"
	"path"
	"strings"

	apikeys "google.golang.org/api/apikeys/v2"
	"google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/iam/v1"
	"google.golang.org/api/identitytoolkit/v2"
	"google.golang.org/api/serviceusage/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

func readProject(ctx context.Context, r *reader) error {
	client, err := cloudresourcemanager.NewService(ctx, r.options(resourcesAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Resource Manager: %w", err)
	}
	if r.state.Project, err = client.Projects.Get(r.parent()).Context(ctx).Do(); err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	return nil
}

func readProjectPolicy(ctx context.Context, r *reader) error {
	client, err := cloudresourcemanager.NewService(ctx, r.options(resourcesAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Resource Manager: %w", err)
	}
	// Version 3 includes conditions.
	request := &cloudresourcemanager.GetIamPolicyRequest{Options: &cloudresourcemanager.GetPolicyOptions{RequestedPolicyVersion: 3}}
	policy, err := client.Projects.GetIamPolicy(r.parent(), request).Context(ctx).Do()
	return r.policy(spec.OnProject, "", policy, err)
}

func readAPIs(ctx context.Context, r *reader) error {
	client, err := serviceusage.NewService(ctx, r.options(serviceUsageAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Service Usage: %w", err)
	}
	enabled := map[string]bool{}
	err = client.Services.List(r.parent()).Filter("state:ENABLED").PageSize(200).Pages(ctx,
		func(page *serviceusage.ListServicesResponse) error {
			for _, s := range page.Services {
				enabled[path.Base(s.Name)] = true
			}
			return nil
		})
	if err != nil {
		return fmt.Errorf("list the enabled APIs: %w", err)
	}
	r.state.Enabled = enabled
	return nil
}

// readAccounts lists the service accounts, and the key files of ours.
func readAccounts(ctx context.Context, r *reader) error {
	client, err := iam.NewService(ctx, r.options(iamAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open IAM: %w", err)
	}
	var accounts []*iam.ServiceAccount
	err = client.Projects.ServiceAccounts.List(r.parent()).PageSize(100).Pages(ctx, func(page *iam.ListServiceAccountsResponse) error {
		accounts = append(accounts, page.Accounts...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the service accounts: %w", err)
	}
	byEmail := map[string]*iam.ServiceAccount{}
	for _, a := range accounts {
		id, _, _ := strings.Cut(a.Email, "@")
		byEmail[id] = a
	}
	r.state.Accounts = byEmail
	return each(ctx, accounts, func(ctx context.Context, a *iam.ServiceAccount) error {
		keys, err := client.Projects.ServiceAccounts.Keys.List(r.parent() + "/serviceAccounts/" + a.Email).KeyTypes("USER_MANAGED").Context(ctx).Do()
		if err != nil {
			return fmt.Errorf("list the keys of %s: %w", a.Email, err)
		}
		r.state.mu.Lock()
		defer r.state.mu.Unlock()
		for _, k := range keys.Keys {
			if !k.Disabled {
				r.state.Keys[a.Email] = append(r.state.Keys[a.Email], path.Base(k.Name))
			}
		}
		return nil
	})
}

func readAccountPolicies(ctx context.Context, r *reader) error {
	client, err := iam.NewService(ctx, r.options(iamAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open IAM: %w", err)
	}
	return each(ctx, r.Table.Accounts, func(ctx context.Context, a spec.ServiceAccount) error {
		name := r.parent() + "/serviceAccounts/" + spec.Email(r.Project, a.ID)
		policy, err := client.Projects.ServiceAccounts.GetIamPolicy(name).OptionsRequestedPolicyVersion(3).Context(ctx).Do()
		return r.policy(spec.OnAccount, a.ID, policy, err)
	})
}

func readAuthentication(ctx context.Context, r *reader) error {
	client, err := identitytoolkit.NewService(ctx, r.options(identityAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Authentication: %w", err)
	}
	config, err := client.Projects.GetConfig(r.parent() + "/config").Context(ctx).Do()
	if err != nil && !isNotFound(err) { // not found: nobody has opened Authentication in the console yet
		return fmt.Errorf("read the settings of Authentication: %w", err)
	}
	r.state.Authentication = config
	return nil
}

// servicesKeyID is the id of the services' API key in deploy/clients.tf.
const servicesKeyID = "services"

func readAPIKeys(ctx context.Context, r *reader) error {
	client, err := apikeys.NewService(ctx, r.options(apiKeysAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open API Keys: %w", err)
	}
	parent := r.parent() + "/locations/global"
	err = client.Projects.Locations.Keys.List(parent).PageSize(300).Pages(ctx, func(page *apikeys.V2ListKeysResponse) error {
		r.state.APIKeys = append(r.state.APIKeys, page.Keys...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the API keys: %w", err)
	}
	for _, k := range r.state.APIKeys {
		if path.Base(k.Name) != servicesKeyID {
			continue
		}
		value, err := client.Projects.Locations.Keys.GetKeyString(k.Name).Context(ctx).Do()
		if err != nil {
			return fmt.Errorf("read the services' API key: %w", err)
		}
		r.state.ServicesKey = value.KeyString
	}
	return nil
}
