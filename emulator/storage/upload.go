package storage

import (
	"io"
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/internal/objects"
)

// upload receives an object: in one request, as media or multipart, or resumably.
// Source: https://cloud.google.com/storage/docs/uploads-downloads.
func (s *Server) upload(c call) error {
	q := c.URL.Query()
	if q.Get("upload_id") != "" {
		return s.continueUpload(c)
	}
	if q.Has("upload_id") {
		return badRequest("Invalid value for upload_id: it is empty.")
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
		return badRequest("Invalid value for uploadType: \"" + kind + "\" is not media, multipart, or resumable.")
	}
}

// insertRequest is putRequest for an upload, whose name is in the query or in the resource.
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

// put writes an object with the bytes of body. If reading body fails, nothing is kept.
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

// headerChecksums parses "X-Goog-Hash: crc32c=…,md5=…", which may be repeated.
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
	return c.writeObject(o)
}

func (s *Server) uploadMultipart(c call) error {
	media, err := readMultipart(c.Header.Get("Content-Type"), c.Body)
	if err != nil {
		return err
	}
	p, err := c.insertRequest(media.resource, media.contentType)
	if err != nil {
		return err
	}
	o, err := s.put(p, media)
	if err != nil {
		return err
	}
	return c.writeObject(o)
}
