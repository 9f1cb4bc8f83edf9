package storage

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/internal/objects"
)

// upload takes an object's bytes in one of the ways of https://cloud.google.com/storage/docs/uploads-downloads.
func (s *Server) upload(c call) error {
	q := c.URL.Query()
	if q.Get("upload_id") != "" {
		return s.continueUpload(c)
	}
	if c.Method != http.MethodPost {
		return badRequest("Required: upload_id; a new upload starts with POST.")
	}
	switch kind := q.Get("uploadType"); kind {
	case "media":
		return s.uploadMedia(c)
	case "multipart":
		return s.uploadMultipart(c)
	case "resumable":
		return s.startUpload(c)
	default:
		return badRequest("Invalid value for uploadType: \"" + kind + "\" is none of media, multipart, resumable.")
	}
}

// insertRequest is a putRequest for an upload: the name is in the query or in the resource.
func (c call) insertRequest(f fields, contentType string) (objects.PutRequest, error) {
	name, err := f.text("name")
	if err != nil {
		return objects.PutRequest{}, err
	}
	if q := c.URL.Query().Get("name"); q != "" {
		name = q
	}
	p, err := c.putRequest(c.names[0], name, f)
	if err != nil {
		return p, err
	}
	if p.Metadata.ContentType == "" {
		p.Metadata.ContentType = contentType
	}
	if encoding := c.URL.Query().Get("contentEncoding"); encoding != "" {
		p.Metadata.ContentEncoding = encoding
	}
	p.Checksums = c.headerChecksums().Or(p.Checksums)
	return p, nil
}

// put writes everything that body has. Nothing is kept of a body that breaks off.
func (s *Server) put(p objects.PutRequest, body io.Reader) (objects.Object, error) {
	if err := s.store.CheckPut(p); err != nil {
		return objects.Object{}, err
	}
	d, err := s.store.NewDraft()
	if err != nil {
		return objects.Object{}, err
	}
	defer d.Abort()
	if _, err := d.ReadFrom(body); err != nil {
		return objects.Object{}, err
	}
	return s.store.Put(p, d)
}

// headerChecksums reads "X-Goog-Hash: crc32c=…,md5=…", which may come in several lines.
func (c call) headerChecksums() objects.Checksums {
	var sums objects.Checksums
	for _, line := range c.Header.Values("X-Goog-Hash") {
		for item := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
			switch strings.ToLower(name) {
			case "crc32c":
				sums.CRC32C = value
			case "md5":
				sums.MD5 = value
			}
		}
	}
	return sums
}

func (s *Server) uploadMedia(c call) error {
	p, err := c.insertRequest(fields{}, c.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	o, err := s.put(p, c.Body)
	if err != nil {
		return err
	}
	return c.answerObject(o)
}

func (s *Server) uploadMultipart(c call) error {
	related, err := readRelated(c.Header.Get("Content-Type"), c.Body)
	if err != nil {
		return err
	}
	p, err := c.insertRequest(related.resource, related.contentType)
	if err != nil {
		return err
	}
	o, err := s.put(p, related)
	if err != nil {
		return err
	}
	return c.answerObject(o)
}

// related is the body of a multipart/related upload: a JSON resource, then the bytes, then nothing. As a reader it gives
// the bytes, and fails instead of ending when something else than the closing boundary follows them.
type related struct {
	resource    fields
	contentType string // of the bytes
	parts       *multipart.Reader
	media       io.Reader
}

func readRelated(contentType string, body io.Reader) (*related, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return nil, badRequest("A multipart upload needs a Content-Type of multipart/related with a boundary, not \"" + contentType + "\".")
	}
	r := &related{parts: multipart.NewReader(body, params["boundary"])}
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

func (r *related) Read(p []byte) (int, error) {
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
		return n, malformed("it does not end with its boundary", err)
	}
}

func malformed(what string, err error) error {
	if err != nil {
		what += " (" + err.Error() + ")"
	}
	return badRequest("Malformed multipart body: " + what + ".")
}
