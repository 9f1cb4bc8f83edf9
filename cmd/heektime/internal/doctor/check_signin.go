package doctor

import (
	"net/url"
	"slices"

	"google.golang.org/api/identitytoolkit/v2"
)

// signIn returns the settings of Authentication; without any, it reports that.
func (e *examination) signIn() *identitytoolkit.GoogleCloudIdentitytoolkitAdminV2SignInConfig {
	config := e.State.Authentication
	if config == nil || config.SignIn == nil {
		return &identitytoolkit.GoogleCloudIdentitytoolkitAdminV2SignInConfig{}
	}
	return config.SignIn
}

// setUp is the command for what OpenTofu cannot do.
func (e *examination) setUp() string {
	if e.Local {
		return "heektime dev"
	}
	return "deploy/firebase.sh " + e.Options.Project
}

func checkSignInEmail(e *examination) {
	email := e.signIn().Email
	switch {
	case email == nil || !email.Enabled:
		e.errorf("Authentication", "sign-in with address and password is disabled").because("accounts cannot get a password, so nobody can register", "%s", e.setUp())
	case !email.PasswordRequired:
		e.warnf("Authentication", "sign-in by e-mail link is enabled").because("nobody uses it, and it mails to strangers at their request",
			"%s", e.console("authentication/providers"))
	}
}

func checkSignInUnused(e *examination) {
	s := e.signIn()
	if s.Anonymous != nil && s.Anonymous.Enabled {
		e.warnf("Authentication", "anonymous sign-in is enabled").because("anybody can create any number of accounts", "%s", e.setUp())
	}
	if s.PhoneNumber != nil && s.PhoneNumber.Enabled {
		e.errorf("Authentication", "sign-in by phone is enabled").because("every text message is billed, also those that a stranger asks for",
			"%s", e.console("authentication/providers"))
	}
}

func checkOneAccountPerAddress(e *examination) {
	if e.signIn().AllowDuplicateEmails {
		e.errorf("Authentication", "an address can have several accounts").because("auth finds accounts by their address", "%s", e.setUp())
	}
}

func checkEnumeration(e *examination) {
	config := e.State.Authentication
	if config == nil || config.EmailPrivacyConfig == nil || !config.EmailPrivacyConfig.EnableImprovedEmailPrivacy {
		e.warnf("Authentication", "e-mail enumeration protection is disabled").because("anybody can ask which addresses have accounts",
			"%s", e.console("authentication/settings"))
	}
}

func checkDomains(e *examination) {
	var domains []string
	if e.State.Authentication != nil {
		domains = e.State.Authentication.AuthorizedDomains
	}
	want := []string{e.Options.Project + ".firebaseapp.com", e.Options.Project + ".web.app"}
	if site, err := url.Parse(e.SiteURL); err == nil && !slices.Contains(want, site.Hostname()) {
		want = append(want, site.Hostname())
	}
	for _, domain := range want {
		if !slices.Contains(domains, domain) {
			e.errorf("Authentication", "the domain %s is not authorized", domain).because("links in its mails do not lead back there", "%s", e.setUp())
		}
	}
	for _, domain := range domains {
		if !slices.Contains(want, domain) {
			e.warnf("Authentication", "the domain %s is authorized", domain).because("links in our mails can lead there; localhost is whatever runs on the reader's machine",
				"%s", e.setUp())
		}
	}
}

func checkPlan(e *examination) {
	if c := e.State.Authentication; c != nil && c.Subtype == "IDENTITY_PLATFORM" {
		e.warnf("Authentication", "is upgraded to Identity Platform").because(
			"active users beyond 50,000 a month are billed; it cannot be undone, and nothing here needs it", "%s", e.console("usage/details"))
	}
}
