package messaging_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/messaging"
)

const project = "demo-test"

// world is a server with a client.
type world struct {
	*messaging.Server
	t     *testing.T
	clock *clock.Clock
	inbox messaging.Inbox
}

// open starts a server. dir keeps its data; "" keeps them in memory.
func open(t *testing.T, dir string) *world {
	t.Helper()
	c := clock.New()
	s, err := messaging.New(messaging.Config{Clock: c, DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &world{s, t, c, s.Inbox(project)}
}

// register registers a device.
func (w *world) register(info messaging.DeviceInfo) string {
	w.t.Helper()
	token, err := w.inbox.Register(info)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// owner are the headers of a server's request.
var owner = http.Header{"Authorization": {"Bearer owner"}, "Access_token_auth": {"true"}}

// call sends a request and decodes the response.
func (w *world) call(method, path, body string, header http.Header, into any) (status int, response http.Header) {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	text, _ := io.ReadAll(recorder.Body)
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			w.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return recorder.Code, recorder.Header()
}

// status is an error response.
type status struct {
	Error struct {
		Code    int
		Message string
		Status  string
		Details []struct {
			Type            string `json:"@type"`
			ErrorCode       string
			FieldViolations []struct{ Field, Description string }
		}
	}
}

// code returns the code of an FcmError, and the first invalid field.
func (s status) code() (code, field string) {
	for _, d := range s.Error.Details {
		switch d.Type {
		case "type.googleapis.com/google.firebase.fcm.v1.FcmError":
			code = d.ErrorCode
		case "type.googleapis.com/google.rpc.BadRequest":
			field = d.FieldViolations[0].Field
		}
	}
	return code, field
}

// send sends a message, which must be accepted.
func (w *world) send(message string) (name string) {
	w.t.Helper()
	var response struct{ Name string }
	code, _ := w.call("POST", "/v1/projects/"+project+"/messages:send", `{"message": `+message+`}`, owner, &response)
	if code != http.StatusOK {
		w.t.Fatalf("%s has status %d", message, code)
	}
	return response.Name
}
