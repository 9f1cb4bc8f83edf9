package messaging

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// The registration of web clients.
//
// Source: the source of @firebase/messaging 0.13, internals/requests.ts.

// webRegistration is how a browser gets a push message.
type webRegistration struct {
	Origin            string `json:"origin,omitempty"`
	Endpoint          string `json:"endpoint"` // of the browser's push service
	Auth              string `json:"auth"`
	P256DH            string `json:"p256dh"`
	ApplicationPubKey string `json:"applicationPubKey,omitempty"` // the VAPID key
}

// registrationResponse is what a client learns of its registration.
type registrationResponse struct {
	Name  string          `json:"name"`
	Token string          `json:"token"`
	Web   webRegistration `json:"web"`
}

// parseRegistration reads the body of a registration.
func parseRegistration(body []byte) (web webRegistration, err error) {
	var request struct {
		Web webRegistration `json:"web"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return web, errSyntax
	}
	web = request.Web
	endpoint, err := url.Parse(web.Endpoint)
	switch {
	case err != nil || endpoint.Scheme != "https" || endpoint.Host == "":
		return web, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument: web.endpoint must be an HTTPS URL.")
	case web.Auth == "" || web.P256DH == "":
		return web, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument: web.auth and web.p256dh are required.")
	}
	return web, nil
}

// createRegistration registers the browser of an installation. An installation that is registered keeps its
// token.
func (s *Server) createRegistration(r *http.Request, body []byte) (any, error) {
	fid, err := s.installationOf(r)
	if err != nil {
		return nil, err
	}
	web, err := parseRegistration(body)
	if err != nil {
		return nil, err
	}
	return change(s, func() (any, error) {
		info := DeviceInfo{Project: r.PathValue("project"), FID: fid}
		if d := s.byFID[fidKey(info.Project, fid)]; d != nil {
			info = d.DeviceInfo
		}
		return s.registerWeb(info, web)
	})
}

// updateRegistration changes the registration of the token in the path.
func (s *Server) updateRegistration(r *http.Request, body []byte) (any, error) {
	web, err := parseRegistration(body)
	if err != nil {
		return nil, err
	}
	return s.changeRegistration(r, func(d *device) (any, error) { return s.registerWeb(d.DeviceInfo, web) })
}

// registerWeb registers a browser. The mutex is held.
func (s *Server) registerWeb(info DeviceInfo, web webRegistration) (any, error) {
	info.Platform, info.App = WebPlatform, web.Origin
	d, err := s.register(info)
	if err != nil {
		return nil, err
	}
	return registrationResponse{"projects/" + d.Project + "/registrations/" + d.FID, d.Token, web}, nil
}

// deleteRegistration ends the registration of the token in the path.
func (s *Server) deleteRegistration(r *http.Request, _ []byte) (any, error) {
	return s.changeRegistration(r, func(d *device) (any, error) {
		s.removeDevice(d)
		s.changes.Add(record{Gone: d.Token})
		return struct{}{}, nil
	})
}

// changeRegistration calls f with the device of the token or the Firebase Installation ID in the path, which
// must be the caller's own.
func (s *Server) changeRegistration(r *http.Request, f func(*device) (any, error)) (any, error) {
	fid, err := s.installationOf(r)
	if err != nil {
		return nil, err
	}
	return change(s, func() (any, error) {
		d := s.registration(r.PathValue("project"), r.PathValue("registration"))
		switch {
		case d == nil:
			return nil, platformError(http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
		case d.FID != fid:
			return nil, platformError(http.StatusForbidden, "PERMISSION_DENIED", "The caller does not have permission")
		}
		return f(d)
	})
}

// registration returns the device with a token or a Firebase Installation ID, or nil. The mutex is held.
func (s *Server) registration(project, id string) *device {
	d := s.devices[id]
	if d == nil {
		d = s.byFID[fidKey(project, id)]
	}
	if d == nil || d.Project != project {
		return nil
	}
	return d
}
