package rest

import (
	"errors"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore/internal/wirejson"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/transcoding"
)

// response writes messages as they come: the one message of a unary method by itself, those of a
// stream as the elements of an array.
type response struct {
	w       http.ResponseWriter
	out     *httplimit.StreamWriter
	pretty  bool
	streams bool
	begun   bool
}

func newResponse(w http.ResponseWriter, streams bool) *response {
	return &response{w: w, out: httplimit.NewStreamWriter(w, writeTimeout), streams: streams}
}

func (r *response) send(m proto.Message) error {
	text, err := wirejson.Marshal(m, r.pretty)
	if err != nil {
		return err
	}
	return r.write(http.StatusOK, text)
}

// write begins or continues the response.
func (r *response) write(httpStatus int, text []byte) error {
	head := ""
	switch {
	case !r.begun:
		r.begun = true
		setHeader(r.w)
		r.w.WriteHeader(httpStatus)
		if r.streams {
			head = "["
		}
	case r.streams:
		head = ",\n"
	}
	if head != "" {
		if _, err := r.out.Write([]byte(head)); err != nil {
			return err
		}
	}
	_, err := r.out.Write(text)
	return err
}

// end completes the response. An error after a stream has begun is its last element.
func (r *response) end(err error) {
	defer r.out.Close()
	if err != nil {
		httpStatus, text := transcoding.MarshalError(err)
		var rejected *httplimit.Error
		if errors.As(err, &rejected) {
			var code codes.Code
			httpStatus, code = bodyError(err)
			text = transcoding.MarshalErrorAs(httpStatus, code, err.Error())
		}
		if r.begun && !r.streams || r.write(httpStatus, text) != nil { // the client is gone
			return
		}
	}
	if !r.streams {
		r.out.Write([]byte("\n"))
		return
	}
	if !r.begun {
		r.write(http.StatusOK, nil)
	}
	r.out.Write([]byte("]\n"))
}
