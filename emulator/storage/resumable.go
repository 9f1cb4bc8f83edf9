package storage

import (
	"io"
	"net/http"
	"net/url"
	"strconv"

	"heek.kr/heektime/emulator/internal/objects"
)

// chunkBytes is the chunk size of resumable uploads: the size of an unfinished upload is always a
// multiple of it, because Cloud Storage keeps only whole chunks.
// Source: https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload.
const chunkBytes = 256 << 10

// statusCancelled is the status of a successful cancellation. Source: see chunkBytes, "cancel an
// upload".
const statusCancelled = 499

// startUpload starts a resumable upload and responds with its URL.
func (s *Server) startUpload(c call) error {
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	p, err := c.insertRequest(f, c.Header.Get("X-Upload-Content-Type"))
	if err != nil {
		return err
	}
	total := int64(-1)
	if text := c.Header.Get("X-Upload-Content-Length"); text != "" {
		if total, err = strconv.ParseInt(text, 10, 64); err != nil || total < 0 {
			return badRequest("Invalid value for X-Upload-Content-Length: \"" + text + "\" is not a size.")
		}
	}
	u, err := s.store.StartUpload(p, total)
	if err != nil {
		return err
	}
	q := url.Values{"uploadType": {"resumable"}, "name": {p.Name}, "upload_id": {u.ID}}
	c.w.Header().Set("Location", origin(c.Request)+"/upload/storage/v1/b/"+url.PathEscape(p.Bucket)+"/o?"+q.Encode())
	c.w.Header().Set("X-GUploader-UploadID", u.ID)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) cancelUpload(c call) error {
	if u, err := s.store.Upload(c.URL.Query().Get("upload_id")); err == nil {
		if _, done, _, _ := u.State(); done {
			return badRequest("The upload has ended: it cannot be canceled.")
		}
	}
	if err := s.store.CancelUpload(c.URL.Query().Get("upload_id")); err != nil {
		return err
	}
	c.w.WriteHeader(statusCancelled)
	return nil
}

// continueUpload receives a chunk of an upload, or reports how much has been received.
func (s *Server) continueUpload(c call) error {
	u, err := s.store.Upload(c.URL.Query().Get("upload_id"))
	if err != nil {
		return err
	}
	chunk, err := parseContentRange(c.Header.Get("Content-Range"), c.ContentLength)
	if err != nil {
		return err
	}
	if received, done, _, _ := u.State(); !done && chunk.isQuery && chunk.total == received && chunk.total >= 0 {
		// A client ends an upload of unknown size with "bytes */N" once everything has been
		// received.
		if _, err := u.Finish(received, nil, c.headerChecksums()); err != nil {
			return err
		}
	} else if !done && !chunk.isQuery {
		if err := c.receive(u, chunk); err != nil {
			return err
		}
	}
	received, done, o, err := u.State()
	switch {
	case err != nil:
		return err
	case done:
		return c.writeObject(o)
	}
	c.writeIncomplete(received)
	return nil
}

// writeIncomplete is a 308 that for some clients must not look like a redirect.
func (c call) writeIncomplete(received int64) {
	if received > 0 {
		c.w.Header().Set("Range", "bytes=0-"+strconv.FormatInt(received-1, 10))
	}
	if c.Header.Get("X-GUploader-No-308") == "yes" {
		c.w.Header().Set("X-HTTP-Status-Code-Override", "308")
		c.w.WriteHeader(http.StatusOK)
		return
	}
	c.w.WriteHeader(http.StatusPermanentRedirect)
}

// receive receives a chunk of an upload. It holds no lock while it waits for bytes, so a client
// whose connection broke can immediately retry on another. If the connection breaks, whole
// multiples of chunkBytes are kept.
func (c call) receive(u *objects.Upload, chunk contentRange) error {
	buf := make([]byte, chunkBytes)
	if chunk.end < 0 {
		return c.receiveAll(u, chunk.start, buf)
	}
	for at := chunk.start; ; {
		next := min(chunk.end, at-at%chunkBytes+chunkBytes)
		part := buf[:next-at]
		if _, err := io.ReadFull(c.Body, part); err != nil {
			return err
		}
		if next == chunk.total {
			_, err := u.Finish(at, part, c.headerChecksums())
			return err
		}
		if next%chunkBytes == 0 {
			if err := u.Append(at, part); err != nil {
				return err
			}
		}
		if at = next; at == chunk.end {
			return nil
		}
	}
}

// receiveAll reads the rest of an upload, which ends with the request.
func (c call) receiveAll(u *objects.Upload, at int64, buf []byte) error {
	for {
		part := buf[:chunkBytes-at%chunkBytes]
		n, err := 0, error(nil)
		for n < len(part) && err == nil {
			var more int
			more, err = c.Body.Read(part[n:])
			n += more
		}
		if err == io.EOF { // a broken connection is a different error
			_, err := u.Finish(at, part[:n], c.headerChecksums())
			return err
		}
		if err != nil {
			return err
		}
		if err := u.Append(at, part); err != nil {
			return err
		}
		at += int64(n)
	}
}
