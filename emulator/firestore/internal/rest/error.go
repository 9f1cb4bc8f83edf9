package rest

import (
	"errors"
	"net/http"

	"google.golang.org/grpc/codes"

	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/transcoding"
)

// WriteError writes an error in the format of Google's APIs.
func WriteError(w http.ResponseWriter, httpStatus int, code codes.Code, message string) {
	setHeader(w)
	w.WriteHeader(httpStatus)
	w.Write(append(transcoding.MarshalErrorAs(httpStatus, code, message), '\n')) // fails only if the client is gone
}

// WriteBodyError writes an error of [httplimit.BodyReader.Read].
func WriteBodyError(w http.ResponseWriter, err error) {
	httpStatus, code := bodyError(err)
	WriteError(w, httpStatus, code, err.Error())
}

func bodyError(err error) (httpStatus int, code codes.Code) {
	var rejected *httplimit.Error
	switch {
	case !errors.As(err, &rejected):
		return http.StatusInternalServerError, codes.Internal
	case rejected.Status == http.StatusServiceUnavailable:
		return rejected.Status, codes.Unavailable
	}
	return rejected.Status, codes.InvalidArgument
}

func setHeader(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "private")
	h.Set("X-Content-Type-Options", "nosniff")
}
