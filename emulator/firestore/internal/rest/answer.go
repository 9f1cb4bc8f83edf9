package rest

import (
	"errors"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore/internal/wirejson"
	"heek.kr/heektime/emulator/internal/httplimit"
)

// answer writes messages as they come: one by itself, those of a stream as the elements of an array.
type answer struct {
	w       http.ResponseWriter
	out     *httplimit.StreamWriter
	pretty  bool
	streams bool
	begun   bool
}

func newAnswer(w http.ResponseWriter, streams bool) *answer {
	return &answer{w: w, out: httplimit.NewStreamWriter(w, writeTimeout), streams: streams}
}

func (a *answer) send(m proto.Message) error {
	text, err := wirejson.Marshal(m, a.pretty)
	if err != nil {
		return err
	}
	return a.write(http.StatusOK, text)
}

// write begins an answer or goes on with it.
func (a *answer) write(httpStatus int, text []byte) error {
	head := ""
	switch {
	case !a.begun:
		a.begun = true
		setHeader(a.w)
		a.w.WriteHeader(httpStatus)
		if a.streams {
			head = "["
		}
	case a.streams:
		head = ",\n"
	}
	if head != "" {
		if _, err := a.out.Write([]byte(head)); err != nil {
			return err
		}
	}
	_, err := a.out.Write(text)
	return err
}

// end completes an answer. An error after the beginning of a stream is its last element.
func (a *answer) end(err error) {
	defer a.out.Close()
	if err != nil {
		httpStatus, text := wirejson.Error(err)
		var refused *httplimit.Error
		if errors.As(err, &refused) {
			var code codes.Code
			httpStatus, code = bodyError(err)
			text = wirejson.ErrorAs(httpStatus, code, err.Error())
		}
		if a.begun && !a.streams || a.write(httpStatus, text) != nil { // the client went away
			return
		}
	}
	if !a.streams {
		a.out.Write([]byte("\n"))
		return
	}
	if !a.begun {
		a.write(http.StatusOK, nil)
	}
	a.out.Write([]byte("]\n"))
}
