package storage

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// multipartBody is the body of a multipart/related upload: a JSON resource, then the object's
// bytes. It reads the bytes, and returns an error instead of io.EOF unless the closing boundary
// follows them.
type multipartBody struct {
	resource    fields
	contentType string // of the object
	parts       *multipart.Reader
	media       io.Reader
}

// readMultipart reads the JSON resource and returns the body at the start of the object's bytes.
func readMultipart(contentType string, body io.Reader) (*multipartBody, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return nil, badRequest("A multipart upload needs Content-Type multipart/related with a boundary, not \"" + contentType + "\".")
	}
	r := &multipartBody{parts: multipart.NewReader(body, params["boundary"])}
	resource, err := r.parts.NextRawPart()
	if err != nil {
		return nil, malformed("the JSON part is missing", err)
	}
	if r.resource, err = readFields(resource); err != nil {
		return nil, err
	}
	media, err := r.parts.NextRawPart()
	if err != nil {
		return nil, malformed("the part with the object's bytes is missing", err)
	}
	r.contentType, r.media = media.Header.Get("Content-Type"), media
	if strings.EqualFold(media.Header.Get("Content-Transfer-Encoding"), "base64") {
		r.media = base64.NewDecoder(base64.StdEncoding, media)
	}
	return r, nil
}

func (r *multipartBody) Read(p []byte) (int, error) {
	n, err := r.media.Read(p)
	if err != io.EOF {
		return n, err
	}
	switch _, err := r.parts.NextRawPart(); err {
	case io.EOF:
		return n, io.EOF
	case nil:
		return n, malformed("there are more than two parts", nil)
	default:
		return n, malformed("the closing boundary is missing", err)
	}
}

// malformed returns an error for an invalid multipart body.
func malformed(what string, err error) error {
	if err != nil {
		what += " (" + err.Error() + ")"
	}
	return badRequest("Malformed multipart body: " + what + ".")
}
