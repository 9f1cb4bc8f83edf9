package messaging

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"heek.kr/heektime/emulator/auth/token"
)

// Firebase Installations gives an app on a device its ID, and tokens that prove it. The server keeps nothing of
// an installation: its tokens contain its ID. An installation that was deleted therefore can still get a
// token.
//
// Source: the source of @firebase/installations 0.6, folder functions.

// installationLifetime is how long a token of an installation is valid.
const installationLifetime = 7 * 24 * time.Hour

// installationClaims are the content of an installation's tokens.
type installationClaims struct {
	FID     string `json:"fid"`
	Project string `json:"projectId"`
	Expires int64  `json:"exp"` // 0 for a refresh token, which does not expire
}

// authToken is a token of an installation.
type authToken struct {
	Token     string `json:"token"`
	ExpiresIn string `json:"expiresIn"`
}

// install creates an installation.
func (s *Server) install(r *http.Request, body []byte) (any, error) {
	project := r.PathValue("project")
	if err := checkCaller(r, project); err != nil {
		return nil, err
	}
	var request struct {
		FID         string `json:"fid"`
		AuthVersion string `json:"authVersion"`
		AppID       string `json:"appId"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, errSyntax
	}
	if request.AuthVersion != "FIS_v2" || request.AppID == "" {
		return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument: appId is required, and authVersion must be FIS_v2.")
	}
	fid := request.FID
	if !fids.MatchString(fid) {
		fid = newFID()
	}
	fresh, err := s.newAuthToken(project, fid)
	if err != nil {
		return nil, err
	}
	refresh, err := token.Encode(installationClaims{FID: fid, Project: project})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"name": "projects/" + project + "/installations/" + fid, "fid": fid, "refreshToken": "2_" + rand.Text() + "." + refresh, "authToken": fresh,
	}, nil
}

// generateToken returns another token of an installation.
func (s *Server) generateToken(r *http.Request, _ []byte) (any, error) {
	if err := checkInstallation(r); err != nil {
		return nil, err
	}
	return s.newAuthToken(r.PathValue("project"), r.PathValue("fid"))
}

// uninstall deletes an installation with its device.
func (s *Server) uninstall(r *http.Request, _ []byte) (any, error) {
	if err := checkInstallation(r); err != nil {
		return nil, err
	}
	return change(s, func() (any, error) {
		if d := s.byFID[fidKey(r.PathValue("project"), r.PathValue("fid"))]; d != nil {
			s.removeDevice(d)
			s.changes.Add(record{Gone: d.Token})
		}
		return struct{}{}, nil
	})
}

func (s *Server) newAuthToken(project, fid string) (authToken, error) {
	text, err := token.Encode(installationClaims{fid, project, s.clock.Now().Add(installationLifetime).Unix()})
	return authToken{text, "604800s"}, err
}

// checkInstallation checks the refresh token of the installation in the path.
func checkInstallation(r *http.Request) error {
	project, fid := r.PathValue("project"), r.PathValue("fid")
	if err := checkCaller(r, project); err != nil {
		return err
	}
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	_, credential, _ = strings.Cut(credential, ".") // after the random part
	var claims installationClaims
	if _, err := token.Decode(credential, &claims); scheme != "FIS_v2" || err != nil || claims != (installationClaims{FID: fid, Project: project}) {
		return &apiError{body: errCredentials}
	}
	return nil
}

// checkCaller checks a request of an app, which identifies itself with an API key. Every key is accepted.
func checkCaller(r *http.Request, project string) error {
	if err := checkProject(project); err != nil {
		return err
	}
	key := r.Header.Get("X-Goog-Api-Key")
	if key == "" {
		var err error
		if key, err = queryValue(r, "key"); err != nil {
			return err
		}
	}
	if key == "" {
		return platformError(http.StatusForbidden, "PERMISSION_DENIED",
			"Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.")
	}
	return nil
}

// installationOf returns the Firebase Installation ID of a request's token.
func (s *Server) installationOf(r *http.Request) (fid string, err error) {
	project := r.PathValue("project")
	if err := checkCaller(r, project); err != nil {
		return "", err
	}
	scheme, credential, _ := strings.Cut(r.Header.Get("X-Goog-Firebase-Installations-Auth"), " ")
	var claims installationClaims
	_, err = token.Decode(credential, &claims)
	if scheme != "FIS" || err != nil || claims.Project != project || claims.FID == "" || claims.Expires <= s.clock.Now().Unix() {
		return "", &apiError{body: errCredentials}
	}
	return claims.FID, nil
}
