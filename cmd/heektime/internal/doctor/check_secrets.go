package doctor

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	apikeys "google.golang.org/api/apikeys/v2"
	"google.golang.org/api/secretmanager/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

// maxSecretAge is when a secret should be rotated.
const maxSecretAge = 365 * 24 * time.Hour

// newestEnabled returns the newest enabled version; Secret Manager lists the newest first.
//
// Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/list
func newestEnabled(versions []*secretmanager.SecretVersion) *secretmanager.SecretVersion {
	for _, v := range versions {
		if v.State == "ENABLED" {
			return v
		}
	}
	return nil
}

// requires reports whether a service does not start without the secret.
func requires(d *spec.Deployment, secret string) (service string, required bool) {
	for _, s := range d.Services {
		for _, v := range s.Environment {
			if v.Required && v.Value.Kind == spec.KindSecret && v.Value.Text == secret {
				return s.Name, true
			}
		}
	}
	return "", false
}

func checkSecretPresent(e *examination) {
	for _, s := range e.Table.Secrets {
		versions, exists := e.State.Secrets[s.ID]
		service, required := requires(e.Table, s.ID)
		switch {
		case !exists:
			e.errorf("secret "+s.ID, "does not exist").because("it is "+s.Purpose, "%s", e.apply())
		case required && newestEnabled(versions) == nil:
			e.errorf("secret "+s.ID, "has no enabled version").because(service+" does not start without it",
				"%s | gcloud secrets versions add %s --data-file=- --project=%s", s.Make, s.ID, e.Options.Project)
		case required && len(versions) > 0 && versions[0].State != "ENABLED":
			e.errorf("secret "+s.ID, "its newest version is %s", versions[0].State).because(service+" reads the newest version and does not start",
				"gcloud secrets versions enable %s --secret=%s --project=%s", path.Base(versions[0].Name), s.ID, e.Options.Project)
		}
	}
}

func checkSecretAge(e *examination) {
	for _, s := range e.Table.Secrets {
		v := newestEnabled(e.State.Secrets[s.ID])
		if v == nil {
			continue
		}
		created, err := time.Parse(time.RFC3339, v.CreateTime)
		if age := e.Now().Sub(created); err == nil && age > maxSecretAge {
			f := e.warnf("secret "+s.ID, "is %d days old", int(age.Hours()/24))
			if s.Make == "" { // a previous value, kept during a rotation
				f.because("a rotation was begun and not ended", "gcloud secrets versions disable %s --secret=%s --project=%s", path.Base(v.Name), s.ID, e.Options.Project)
				continue
			}
			f.because("whoever saw it once can still use it", "%s | gcloud secrets versions add %s --data-file=- --project=%s", s.Make, s.ID, e.Options.Project)
		}
	}
}

// targets are the APIs that a key may call.
func targets(k *apikeys.V2Key) (apis []string) {
	if k.Restrictions != nil {
		for _, t := range k.Restrictions.ApiTargets {
			apis = append(apis, t.Service)
		}
	}
	return sorted(apis)
}

func checkAPIKeys(e *examination) {
	keys := map[string]*apikeys.V2Key{}
	for _, k := range e.State.APIKeys {
		keys[path.Base(k.Name)] = k
	}
	services := keys[servicesKeyID]
	switch {
	case services == nil:
		e.errorf("API key "+servicesKeyID, "does not exist").because("auth and compat-server check passwords with it", "%s", e.apply())
	case !slices.Equal(targets(services), []string{identityAPI}):
		e.errorf("API key "+servicesKeyID, "may call %s", allOrNone(targets(services))).because("it needs the Identity Toolkit API alone", "%s", e.apply())
	case services.Restrictions.BrowserKeyRestrictions != nil || services.Restrictions.AndroidKeyRestrictions != nil || services.Restrictions.IosKeyRestrictions != nil:
		e.errorf("API key "+servicesKeyID, "is restricted to web pages or apps").because("services are neither, so Google rejects their calls", "%s", e.apply())
	}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		if id != servicesKeyID && len(targets(keys[id])) == 0 {
			e.warnf("API key "+id, "may call every API that the project enables").because("whoever finds it in an app can run up the bill",
				"gcloud services api-keys update %s --api-target=service=%s --api-target=service=%s --api-target=service=%s --api-target=service=%s --project=%s",
				id, identityAPI, "securetoken.googleapis.com", firestoreAPI, "firebasestorage.googleapis.com", e.Options.Project)
		}
	}
}

func allOrNone(apis []string) string {
	if len(apis) == 0 {
		return "every API"
	}
	return strings.Join(apis, ", ")
}
