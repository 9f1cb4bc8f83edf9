package run

import (
	"net/http"
	"strings"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/encoding/protojson"

	"heek.kr/heektime/emulator/internal/transcoding"
)

// Patterns are the paths of the REST API that [Server.Handler] serves, as patterns of [http.ServeMux]. Cloud
// Tasks' API has others below /v2/.
var Patterns = []string{
	"/v2/projects/{project}/locations/{location}/services",
	"/v2/projects/{project}/locations/{location}/services/",
	"/v2/projects/{project}/locations/{location}/operations/",
}

// Handler serves the REST API below /v2/.
// https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
func (s *Server) Handler() http.Handler {
	onServices := transcoding.NewHandler(&runpb.Services_ServiceDesc, s)
	onRevisions := transcoding.NewHandler(&runpb.Revisions_ServiceDesc, revisions{s: s})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case strings.Contains(path, "/operations/"):
			s.serveOperation(w, r)
		case strings.Contains(path, "/revisions"):
			onRevisions.ServeHTTP(w, r)
		default:
			onServices.ServeHTTP(w, r)
		}
	})
}

// serveOperation returns an operation. The description of google.longrunning.Operations has paths of
// another version.
func (s *Server) serveOperation(w http.ResponseWriter, r *http.Request) {
	httpStatus, text := http.StatusOK, []byte(nil)
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v2/"), ":wait")
	op, err := operations{s: s}.GetOperation(r.Context(), &longrunningpb.GetOperationRequest{Name: name})
	if err == nil {
		text, err = protojson.Marshal(op)
	}
	if err != nil {
		httpStatus, text = transcoding.MarshalError(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Cache-Control", "private")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(httpStatus)
	w.Write(append(text, '\n')) // ignore write errors: the client is gone
}
