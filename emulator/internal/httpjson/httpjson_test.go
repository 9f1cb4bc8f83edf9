package httpjson

import (
	"net/http/httptest"
	"testing"
)

func TestWrite(t *testing.T) {
	for name, c := range map[string]struct {
		value  any
		status int
		body   string
	}{
		"a value":                {map[string]int{"n": 1}, 201, "{\"n\":1}"},
		"what JSON cannot write": {func() {}, 500, "{\"error\":{\"code\":500,\"message\":\"The response cannot be encoded as JSON.\",\"status\":\"INTERNAL\"}}"},
	} {
		w := httptest.NewRecorder()
		Write(w, 201, c.value)
		if w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Content-Type") != "application/json; charset=UTF-8" {
			t.Errorf("%s: %d %v %q", name, w.Code, w.Header(), w.Body)
		}
	}
}

func TestWriteError(t *testing.T) {
	w := httptest.NewRecorder()
	WriteError(w, Error{Code: 404, Status: "NOT_FOUND"})
	if want := "{\"error\":{\"code\":404,\"message\":\"NOT_FOUND\",\"status\":\"NOT_FOUND\"}}"; w.Code != 404 || w.Body.String() != want {
		t.Errorf("%d %q, want %q", w.Code, w.Body, want)
	}
}
