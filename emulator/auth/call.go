package auth

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/auth/token"
)

// maxBodyBytes is the largest request. An import of 1,000 accounts has about 1 MiB.
const maxBodyBytes = 10 << 20

// call is one request, after what all requests have in common is known.
type call struct {
	*http.Request
	w       http.ResponseWriter
	project string
	// admin says that the caller has all rights, by an OAuth token.
	admin bool
	body  map[string]json.RawMessage // of requests with JSON, without the names of project and tenant
}

// access is who may make a call.
type access int

const (
	anybody    access = iota
	keyOrOAuth        // a client with an API key, or a server
	oauthOnly         // a server
)

// admit checks who calls. It says whether it is a server with all rights.
func admit(r *http.Request, need access) (admin bool, err error) {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(credential) != "" {
		if isUserToken(credential) {
			return false, errBadBearer
		}
		return true, nil
	}
	if need == oauthOnly {
		return false, errNoBearer
	}
	key := r.URL.Query().Get("key") + r.Header.Get("X-Goog-Api-Key")
	if need == keyOrOAuth && key == "" {
		return false, errNoKey
	}
	return false, nil
}

// isUserToken finds a service that hands on its caller's ID token as if it were its own.
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
		return nil, invalidArgument("The request's body ended before it was complete: " + err.Error())
	}
	return body, nil
}

// newCall reads a request's body and finds out which project it is for: the one in the path, or in the body, or the
// default one.
func (s *Server) newCall(w http.ResponseWriter, r *http.Request, admin bool, project string) (*call, error) {
	text, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	c := &call{Request: r, w: w, admin: admin, project: project}
	if c.body, err = object(text); err != nil {
		return nil, err
	}
	var target, tenant string
	if err := c.take("targetProjectId", &target); err != nil {
		return nil, err
	}
	if err := c.take("tenantId", &tenant); err != nil {
		return nil, err
	}
	if tenant != "" || r.URL.Query().Get("tenantId") != "" {
		return nil, errNoTenants
	}
	if target != "" && !admin {
		return nil, refused("INSUFFICIENT_PERMISSION : Only authenticated requests can specify target_project_id.")
	}
	if c.project == "" {
		c.project = target
	}
	if c.project == "" {
		c.project = s.project
	}
	return c, nil
}
