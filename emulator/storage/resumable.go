package storage

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"heek.kr/heektime/emulator/internal/objects"
)

// pieceBytes is what the bytes of an unfinished upload are counted in: the service keeps whole pieces only, so an
// unfinished upload always has a multiple of it.
// Source: https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload.
const pieceBytes = 256 << 10

// statusCancelled answers the cancellation of an upload. Source: as of pieceBytes, "cancel an upload".
const statusCancelled = 499

// startUpload answers with the address that the bytes go to.
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
	if err := s.store.CancelUpload(c.URL.Query().Get("upload_id")); err != nil {
		return err
	}
	c.w.WriteHeader(statusCancelled)
	return nil
}

// continueUpload takes a piece of an upload, or says how far it is.
func (s *Server) continueUpload(c call) error {
	u, err := s.store.Upload(c.URL.Query().Get("upload_id"))
	if err != nil {
		return err
	}
	piece, err := parseContentRange(c.Header.Get("Content-Range"), c.ContentLength)
	if err != nil {
		return err
	}
	if received, done, _, _ := u.State(); !done && piece.asks && piece.total == received && piece.total >= 0 {
		// "bytes */N" with everything there is how a client says that it is through.
		if _, err := u.Finish(received, nil, c.headerChecksums()); err != nil {
			return err
		}
	} else if !done && !piece.asks {
		if err := c.receive(u, piece); err != nil {
			return err
		}
	}
	received, done, o, err := u.State()
	switch {
	case err != nil:
		return err
	case done:
		return c.answerObject(o)
	}
	c.answerIncomplete(received)
	return nil
}

// answerIncomplete is a 308 that for some clients must not look like a redirect.
func (c call) answerIncomplete(received int64) {
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

// receive reads a piece of an upload. Nothing is locked while bytes are awaited, so a client whose connection died can
// send them again at once over another one. What arrived before a break is kept in whole multiples of pieceBytes.
func (c call) receive(u *objects.Upload, piece contentRange) error {
	buf := make([]byte, pieceBytes)
	if piece.end < 0 {
		return c.receiveAll(u, piece.start, buf)
	}
	for at := piece.start; ; {
		next := min(piece.end, at-at%pieceBytes+pieceBytes)
		part := buf[:next-at]
		if _, err := io.ReadFull(c.Body, part); err != nil {
			return err
		}
		if next == piece.total {
			_, err := u.Finish(at, part, c.headerChecksums())
			return err
		}
		if next%pieceBytes == 0 {
			if err := u.Append(at, part); err != nil {
				return err
			}
		}
		if at = next; at == piece.end {
			return nil
		}
	}
}

// receiveAll reads the rest of an upload, which ends with the request.
func (c call) receiveAll(u *objects.Upload, at int64, buf []byte) error {
	for {
		part := buf[:pieceBytes-at%pieceBytes]
		n, err := 0, error(nil)
		for n < len(part) && err == nil {
			var more int
			more, err = c.Body.Read(part[n:])
			n += more
		}
		if err == io.EOF { // a connection that breaks is another error
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

// contentRange is what a request to an upload is about: bytes from start up to and without end (-1: to where the request
// ends), of total (-1: not known yet). With asks there are none.
type contentRange struct {
	start, end, total int64
	asks              bool
}

var contentRangeForm = regexp.MustCompile(`^bytes (?:(\d{1,18})-(\d{1,18}|\*)|\*)/(?:(\d{1,18})|\*)$`)

// parseContentRange reads "bytes 0-99/*", "bytes 100-149/150", "bytes */150", "bytes */*" and, as Google's client for Node
// says that all the rest comes, "bytes 0-*/*". Without a header the request has all bytes.
func parseContentRange(header string, length int64) (contentRange, error) {
	if header == "" {
		if length < 0 {
			return contentRange{}, &httpError{http.StatusLengthRequired, "required", "The request needs a Content-Range or a Content-Length."}
		}
		return contentRange{end: length, total: length}, nil
	}
	m := contentRangeForm.FindStringSubmatch(header)
	if m == nil {
		return contentRange{}, badRequest("Failed to parse Content-Range header: \"" + header + "\".")
	}
	r := contentRange{total: -1, asks: m[1] == ""}
	if m[3] != "" {
		r.total, _ = strconv.ParseInt(m[3], 10, 64) // at most 18 digits
	}
	if r.asks {
		return r, nil
	}
	r.start, _ = strconv.ParseInt(m[1], 10, 64)
	if m[2] == "*" {
		switch {
		case length < 0:
			r.end = r.total
			return r, nil
		case r.total < 0:
			r.total = r.start + length
		}
		m[2] = strconv.FormatInt(r.start+length-1, 10)
	}
	r.end, _ = strconv.ParseInt(m[2], 10, 64)
	r.end++
	if r.end < r.start || r.end == r.start && r.end != r.total || r.total >= 0 && r.end > r.total {
		return contentRange{}, badRequest("Invalid Content-Range header: \"" + header + "\".")
	}
	if length >= 0 && length != r.end-r.start {
		return contentRange{}, badRequest("Invalid request. There were " + strconv.FormatInt(length, 10) +
			" byte(s) in the request body. There should have been " + strconv.FormatInt(r.end-r.start, 10) +
			" byte(s) according to the Content-Range header \"" + header + "\".")
	}
	return r, nil
}
