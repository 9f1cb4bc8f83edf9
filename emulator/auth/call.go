package auth

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/billing"
)

// maxBodyBytes is the size of the largest request body. An import of 1,000 accounts has about 1
// MiB.
const maxBodyBytes = 10 << 20

// call is a request and its parsed common parts.
type call struct {
	*http.Request
	w       http.ResponseWriter
	project string
	admin   bool                       // the caller is a server with an OAuth token, which has full access
	meter   *billing.Meter             // counts active users
	body    map[string]json.RawMessage // the JSON fields, without targetProjectId and tenantId
}

// credentials are what a call requires.
type credentials int

const (
	noCredentials credentials = iota
	keyOrOAuth                // a client with an API key, or a server
	oauthOnly                 // a server
)

// authenticate checks the caller's credentials and reports whether it is a server.
func authenticate(r *http.Request, required credentials) (admin bool, err error) {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(credential) != "" {
		if isUserToken(credential) {
			return false, errBadBearer
		}
		return true, nil
	}
	if required == oauthOnly {
		return false, errNoBearer
	}
	key := r.URL.Query().Get("key") + r.Header.Get("X-Goog-Api-Key")
	if required == keyOrOAuth && key == "" {
		return false, errNoKey
	}
	return false, nil
}

// isUserToken reports whether a bearer token is a user's ID token, which a service must not
// forward.
func isUserToken(credential string) bool {
	var claims struct {
		UserID string `json:"user_id"`
	}
	algorithm, err := token.Decode(credential, &claims)
	return err == nil && algorithm == token.None && claims.UserID != ""
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, invalidArgument("The request body is incomplete: " + err.Error())
	}
	return body, nil
}

// newCall reads a request. Its project is the one in the path, else the one in the body, else the
// default.
func (s *Server) newCall(w http.ResponseWriter, r *http.Request, admin bool, project string) (*call, error) {
	text, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	c := &call{Request: r, w: w, admin: admin, project: project, meter: s.meter}
	if c.body, err = parseObject(text); err != nil {
		return nil, err
	}
	var target, tenant string
	if err := c.takeField("targetProjectId", &target); err != nil {
		return nil, err
	}
	if err := c.takeField("tenantId", &tenant); err != nil {
		return nil, err
	}
	if tenant != "" || r.URL.Query().Get("tenantId") != "" {
		return nil, errNoTenants
	}
	if target != "" && !admin {
		return nil, toolkitError("INSUFFICIENT_PERMISSION : Only authenticated requests can specify target_project_id.")
	}
	if c.project == "" {
		c.project = target
	}
	if c.project == "" {
		c.project = s.project
	}
	return c, nil
}
