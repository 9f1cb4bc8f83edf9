package auth

import (
	"net/http"
	"net/url"
	"strings"
)

const (
	toolkit     = "/identitytoolkit.googleapis.com/"
	secureToken = "/securetoken.googleapis.com/"

	relyingParty = "/www.googleapis.com/identitytoolkit/v3/relyingparty/"
)

// route is an endpoint. "*" in its path matches a project.
type route struct {
	method, path string
	requires     credentials
	handle       func(*Server, *call) (any, error)
}

// routes are all endpoints.
// Sources: https://cloud.google.com/identity-platform/docs/reference/rest and, in its last section
// for emulators, https://firebase.google.com/docs/reference/rest/auth.
var routes = []route{
	// For clients with an API key, and servers that name no project.
	{"POST", toolkit + "v1/accounts:signUp", keyOrOAuth, (*Server).signUp},
	{"POST", toolkit + "v1/accounts:signInWithPassword", keyOrOAuth, (*Server).signInWithPassword},
	{"POST", toolkit + "v1/accounts:signInWithCustomToken", keyOrOAuth, (*Server).signInWithCustomToken},
	{"POST", toolkit + "v1/accounts:signInWithEmailLink", keyOrOAuth, (*Server).signInWithEmailLink},
	{"POST", toolkit + "v1/accounts:signInWithIdp", keyOrOAuth, (*Server).signInWithIdp},
	{"POST", toolkit + "v1/accounts:sendVerificationCode", keyOrOAuth, (*Server).sendVerificationCode},
	{"POST", toolkit + "v1/accounts:signInWithPhoneNumber", keyOrOAuth, (*Server).signInWithPhoneNumber},
	{"POST", toolkit + "v1/accounts:lookup", keyOrOAuth, (*Server).lookup},
	{"POST", toolkit + "v1/accounts:update", keyOrOAuth, (*Server).update},
	{"POST", toolkit + "v1/accounts:delete", keyOrOAuth, (*Server).delete},
	{"POST", toolkit + "v1/accounts:sendOobCode", keyOrOAuth, (*Server).sendOobCode},
	{"POST", toolkit + "v1/accounts:resetPassword", keyOrOAuth, (*Server).resetPassword},
	{"POST", toolkit + "v1/accounts:createAuthUri", keyOrOAuth, (*Server).createAuthURI},
	{"GET", toolkit + "v1/projects", keyOrOAuth, (*Server).clientConfig},
	{"GET", toolkit + "v1/recaptchaParams", keyOrOAuth, (*Server).recaptchaParams},
	{"GET", toolkit + "v1/publicKeys", noCredentials, (*Server).publicKeys},
	{"GET", toolkit + "v1/sessionCookiePublicKeys", noCredentials, (*Server).sessionCookieKeys},
	{"GET", toolkit + "v2/recaptchaConfig", keyOrOAuth, (*Server).recaptchaConfig},
	{"GET", toolkit + "v2/passwordPolicy", keyOrOAuth, (*Server).passwordPolicy},
	{"POST", secureToken + "v1/token", keyOrOAuth, (*Server).refresh},

	// For servers.
	{"POST", toolkit + "v1/projects/*/accounts", oauthOnly, (*Server).signUp},
	{"POST", toolkit + "v1/projects/*/accounts:lookup", oauthOnly, (*Server).lookup},
	{"POST", toolkit + "v1/projects/*/accounts:update", oauthOnly, (*Server).update},
	{"POST", toolkit + "v1/projects/*/accounts:delete", oauthOnly, (*Server).delete},
	{"POST", toolkit + "v1/projects/*/accounts:sendOobCode", oauthOnly, (*Server).sendOobCode},
	{"POST", toolkit + "v1/projects/*/accounts:batchCreate", oauthOnly, (*Server).batchCreate},
	{"POST", toolkit + "v1/projects/*/accounts:batchDelete", oauthOnly, (*Server).batchDelete},
	{"GET", toolkit + "v1/projects/*/accounts:batchGet", oauthOnly, (*Server).batchGet},
	{"POST", toolkit + "v1/projects/*/accounts:query", oauthOnly, (*Server).query},
	{"POST", toolkit + "v1/projects/*:queryAccounts", oauthOnly, (*Server).query},
	{"POST", toolkit + "v1/projects/*:createSessionCookie", oauthOnly, (*Server).createSessionCookie},
	{"GET", toolkit + "v2/projects/*/config", oauthOnly, (*Server).adminConfig},
	{"PATCH", toolkit + "v2/projects/*/config", oauthOnly, (*Server).setAdminConfig},

	// The old API of the same services, with the same messages.
	{"POST", relyingParty + "signupNewUser", keyOrOAuth, (*Server).signUp},
	{"POST", relyingParty + "verifyPassword", keyOrOAuth, (*Server).signInWithPassword},
	{"POST", relyingParty + "verifyCustomToken", keyOrOAuth, (*Server).signInWithCustomToken},
	{"POST", relyingParty + "emailLinkSignin", keyOrOAuth, (*Server).signInWithEmailLink},
	{"POST", relyingParty + "verifyAssertion", keyOrOAuth, (*Server).signInWithIdp},
	{"POST", relyingParty + "sendVerificationCode", keyOrOAuth, (*Server).sendVerificationCode},
	{"POST", relyingParty + "verifyPhoneNumber", keyOrOAuth, (*Server).signInWithPhoneNumber},
	{"POST", relyingParty + "getAccountInfo", keyOrOAuth, (*Server).lookup},
	{"POST", relyingParty + "setAccountInfo", keyOrOAuth, (*Server).update},
	{"POST", relyingParty + "deleteAccount", keyOrOAuth, (*Server).delete},
	{"POST", relyingParty + "getOobConfirmationCode", keyOrOAuth, (*Server).sendOobCode},
	{"POST", relyingParty + "resetPassword", keyOrOAuth, (*Server).resetPassword},
	{"POST", relyingParty + "createAuthUri", keyOrOAuth, (*Server).createAuthURI},
	{"GET", relyingParty + "getProjectConfig", keyOrOAuth, (*Server).clientConfig},
	{"GET", relyingParty + "getRecaptchaParam", keyOrOAuth, (*Server).recaptchaParams},
	{"GET", relyingParty + "publicKeys", noCredentials, (*Server).publicKeys},

	// The emulator's own endpoints.
	{"GET", "/", noCredentials, (*Server).ready},
	{"GET", "/emulator/action", noCredentials, (*Server).action},
	{"GET", "/emulator/auth/handler", noCredentials, (*Server).signInPage},
	{"GET", "/emulator/auth/iframe", noCredentials, (*Server).popupFile},
	{"POST", "/emulator/auth/redirect", noCredentials, (*Server).redirectEvent},
	{"GET", "/emulator/auth/handler.js", noCredentials, (*Server).popupFile},
	{"GET", "/emulator/auth/iframe.js", noCredentials, (*Server).popupFile},
	{"GET", "/emulator/auth/gapi.js", noCredentials, (*Server).popupFile},
	{"GET", "/emulator/auth/style.css", noCredentials, (*Server).popupFile},
	{"DELETE", "/emulator/v1/projects/*/accounts", noCredentials, (*Server).clearAccounts},
	{"GET", "/emulator/v1/projects/*/config", noCredentials, (*Server).emulatorConfig},
	{"PATCH", "/emulator/v1/projects/*/config", noCredentials, (*Server).setEmulatorConfig},
	{"GET", "/emulator/v1/projects/*/oobCodes", noCredentials, (*Server).oobCodes},
	{"GET", "/emulator/v1/projects/*/verificationCodes", noCredentials, (*Server).verificationCodes},
}

// notHere are endpoints that are not emulated, and what they are for.
var notHere = map[string]string{
	toolkit + "v1/accounts:signInWithGameCenter": "sign-in with Game Center",
	toolkit + "v1/accounts:verifyIosClient":      "the check of iOS apps",
	toolkit + "v1/accounts:issueSamlResponse":    "SAML responses for others",
	toolkit + "v2/defaultSupportedIdps":          "the list of identity providers",
	toolkit + "v2/accounts:revokeToken":          "revoking a provider's token (revokeAccessToken)",

	toolkit + "v2/accounts/passkeyEnrollment:start":    passkeys,
	toolkit + "v2/accounts/passkeyEnrollment:finalize": passkeys,
	toolkit + "v2/accounts/passkeySignIn:start":        passkeys,
	toolkit + "v2/accounts/passkeySignIn:finalize":     passkeys,

	relyingParty + "downloadAccount":  oldServers,
	relyingParty + "uploadAccount":    oldServers,
	relyingParty + "setProjectConfig": oldServers,
	relyingParty + "signOutUser":      oldServers,
}

const (
	passkeys   = "passkeys"
	oldServers = "this call of the old API; the Admin SDKs use v1"
)

func (s *Server) route(w http.ResponseWriter, r *http.Request) (any, error) {
	path := r.URL.EscapedPath()
	known := false
	for _, route := range routes {
		project, ok := match(route.path, path)
		if !ok {
			continue
		}
		known = true
		if route.method != r.Method {
			continue
		}
		return s.dispatch(w, r, route, project)
	}
	switch {
	case known:
		return nil, &apiError{http.StatusMethodNotAllowed, "UNIMPLEMENTED", "methodNotAllowed", r.Method + " is not allowed here."}
	case strings.Contains(path, "/tenants"):
		return nil, errNoTenants
	case strings.Contains(path, "/mfa"):
		return nil, toolkitError("OPERATION_NOT_ALLOWED : This emulator has no second factors.")
	case notHere[path] != "":
		return nil, notEmulated(notHere[path])
	case strings.HasPrefix(path, toolkit+"v2/projects/"):
		return nil, notEmulated("configuring identity providers; it accepts fake credentials of any provider")
	}
	return nil, &apiError{http.StatusNotFound, "NOT_FOUND", "notFound", "This emulator has no API at " + r.URL.Path + "."}
}

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, route route, project string) (any, error) {
	admin, err := authenticate(r, route.requires)
	if err != nil {
		return nil, err
	}
	if route.path == secureToken+"v1/token" { // its body is a form
		return route.handle(s, &call{Request: r, w: w, admin: admin, project: s.project, meter: s.meter})
	}
	c, err := s.newCall(w, r, admin, project)
	if err != nil {
		return nil, err
	}
	return route.handle(s, c)
}

// match matches a path against a pattern. "*" matches a name without slashes and colons.
func match(pattern, path string) (name string, ok bool) {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return "", pattern == path
	}
	name, ok = strings.CutPrefix(path, before)
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, after)
	if !ok || name == "" || strings.ContainsAny(name, "/:") {
		return "", false
	}
	name, err := url.PathUnescape(name)
	return name, err == nil && name != ""
}
