package hosting

import (
	"net/http"
	"strings"
)

// policyHeader restricts where a page may connect.
const policyHeader = "Content-Security-Policy"

// substituted names, by the origin of a Google API, the emulator that a page calls instead.
var substituted = map[string]string{
	"https://firestore.googleapis.com":             "firestore",
	"https://identitytoolkit.googleapis.com":       "auth",
	"https://securetoken.googleapis.com":           "auth",
	"https://firebasestorage.googleapis.com":       "storage",
	"https://firebaseinstallations.googleapis.com": "messaging",
	"https://fcmregistrations.googleapis.com":      "messaging",
}

// setHeaders sets the headers that the site configures for a path. Where its Content-Security-Policy names a
// Google API, it also names the emulator, so that a site can have the policy of production.
func (s *Server) setHeaders(h http.Header, p string) {
	s.site.setHeaders(h, p)
	if policy := h.Get(policyHeader); policy != "" {
		h.Set(policyHeader, s.withEmulators(policy))
	}
}

// withEmulators adds the origins of the emulators to a policy, each after the API that it stands in for.
func (s *Server) withEmulators(policy string) string {
	addresses := s.emulatorAddresses()
	directives := strings.Split(policy, ";")
	for i, directive := range directives {
		sources := strings.Fields(directive)
		for _, source := range sources {
			if at, ok := addresses[substituted[source]]; ok {
				if origin := "http://" + at.HostAndPort; !strings.Contains(directives[i], origin) {
					directives[i] += " " + origin
				}
			}
		}
	}
	return strings.Join(directives, ";")
}
