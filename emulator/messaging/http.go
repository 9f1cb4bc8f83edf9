package messaging

import (
	"errors"
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/resource"
)

// handler serves one method. It returns the value to send as JSON.
type handler func(r *http.Request, body []byte) (any, error)

// newRoutes returns the paths of all services; their hosts are different in production.
func (s *Server) newRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	const project = "/v1/projects/{project}/"
	const subscriptions = project + "registrations/{registration}/topicSubscriptions"
	for pattern, handle := range map[string]handler{
		// fcm.googleapis.com
		"POST " + project + "messages:send":    authorized(s.send),
		"POST " + subscriptions:                authorized(s.createSubscription),
		"GET " + subscriptions:                 authorized(s.listSubscriptions),
		"GET " + subscriptions + "/{topic}":    authorized(s.getSubscription),
		"PATCH " + subscriptions + "/{topic}":  authorized(s.patchSubscription),
		"DELETE " + subscriptions + "/{topic}": authorized(s.deleteSubscription),

		// fcmregistrations.googleapis.com
		"POST " + project + "registrations":                  s.createRegistration,
		"PATCH " + project + "registrations/{registration}":  s.updateRegistration,
		"DELETE " + project + "registrations/{registration}": s.deleteRegistration,

		// firebaseinstallations.googleapis.com
		"POST " + project + "installations":                           s.install,
		"POST " + project + "installations/{fid}/authTokens:generate": s.generateToken,
		"DELETE " + project + "installations/{fid}":                   s.uninstall,

		// iid.googleapis.com
		"POST /iid/v1:batchAdd":                     s.relate(true),
		"POST /iid/v1:batchRemove":                  s.relate(false),
		"POST /iid/v1:batchImport":                  importTokens,
		"POST /iid/v1/{token}/rel/topics/{topic}":   s.relateOne(true),
		"DELETE /iid/v1/{token}/rel/topics/{topic}": s.relateOne(false),
		"GET /iid/info/{token}":                     s.info,
	} {
		mux.HandleFunc(pattern, s.serve(handle))
	}
	for pattern, handle := range s.controlRoutes() {
		mux.HandleFunc(pattern, s.serve(handle))
	}
	mux.HandleFunc("/batch", s.serve(batch))
	mux.HandleFunc("/", s.serve(notFound))
	return mux
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

// serve wraps a handler: it reads the body, and turns errors into responses.
func (s *Server) serve(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := s.bodies.Read(w, r)
		if err != nil {
			writeError(w, r, platformError(httplimit.StatusOf(err), "INVALID_ARGUMENT", "%v", err))
			return
		}
		defer body.Release()
		result, err := handle(r, body.Bytes)
		if err != nil {
			writeError(w, r, err)
			return
		}
		w.Header().Set("Cache-Control", "private")
		httpjson.Write(w, http.StatusOK, result)
	}
}

// writeError writes an error in the form of its service.
func writeError(w http.ResponseWriter, r *http.Request, err error) {
	var known *apiError
	if !errors.As(err, &known) {
		known = platformError(http.StatusInternalServerError, "INTERNAL", "%v", err)
	}
	if strings.HasPrefix(r.URL.Path, "/iid/") {
		known.writeInstanceID(w)
		return
	}
	known.write(w)
}

// errCredentials is the response to a request without a usable access token.
var errCredentials = failures[ThirdPartyAuthError]

// authorized requires an OAuth access token. The emulator accepts every one, such as "owner", except a
// user's ID token, which a service must not forward.
func authorized(handle handler) handler {
	return func(r *http.Request, body []byte) (any, error) {
		if !hasAccessToken(r) {
			return nil, &apiError{body: errCredentials}
		}
		return handle(r, body)
	}
}

func hasAccessToken(r *http.Request) bool {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(credential) == "" {
		return false
	}
	var claims struct {
		UserID string `json:"user_id"`
	}
	algorithm, err := token.Decode(credential, &claims)
	return err != nil || algorithm != token.None || claims.UserID == ""
}

// checkProject checks a project in a path.
func checkProject(id string) error {
	if err := resource.CheckProjectID(id); err != nil {
		return platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid resource name projects/%s.", id)
	}
	return nil
}

// batch explains the endpoint that SendAll and SendMulticast of the Admin SDKs call. Google has shut it
// down: it returns 404, too.
//
// Source: https://firebase.google.com/support/faq#deprecated-api-shutdown
func batch(*http.Request, []byte) (any, error) {
	return nil, platformError(http.StatusNotFound, "NOT_FOUND", "The batch endpoint was shut down in 2024. Send messages one by one, "+
		"to projects/PROJECT/messages:send, as SendEach and SendEachForMulticast of the Admin SDKs do.")
}

func notFound(r *http.Request, _ []byte) (any, error) {
	return nil, platformError(http.StatusNotFound, "NOT_FOUND", "The emulator of Cloud Messaging has no method %s %s.", r.Method, r.URL.Path)
}
