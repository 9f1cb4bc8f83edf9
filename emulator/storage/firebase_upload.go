package storage

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"heek.kr/heektime/emulator/internal/objects"
)

// maxAutoBuckets limits the number of buckets created by uploads of Firebase clients.
const maxAutoBuckets = 100

// uploadForFirebase receives an object: in one request, raw or multipart with metadata, or in
// chunks. The rules are evaluated once the upload is complete, for the caller who started it.
func (s *Server) uploadForFirebase(c call) error {
	command := c.Header.Get("X-Goog-Upload-Command")
	protocol := c.Header.Get("X-Goog-Upload-Protocol")
	switch id := c.URL.Query().Get("upload_id"); {
	case id != "":
		return s.continueForFirebase(c, id, command)
	case c.URL.Query().Has("upload_id"):
		return badRequest("Invalid value for upload_id: it is empty.")
	case command != "" && protocol != "resumable":
		return badRequest("X-Goog-Upload-Command needs X-Goog-Upload-Protocol: resumable to start an upload, or the upload_id of one.")
	}
	if err := s.ensureBucket(c.names[0]); err != nil {
		return err
	}
	switch protocol {
	case "multipart":
		media, err := readMultipart(c.Header.Get("Content-Type"), c.Body)
		if err != nil {
			return err
		}
		return s.putForFirebase(c, media.resource, media.contentType, media)
	case "resumable":
		if command != "start" {
			return badRequest("A resumable upload starts with X-Goog-Upload-Command: start, not \"" + command + "\".")
		}
		return s.startForFirebase(c)
	case "", "raw":
		return s.putForFirebase(c, fields{}, c.Header.Get("Content-Type"), c.Body)
	default:
		return badRequest("Invalid value for X-Goog-Upload-Protocol: \"" + protocol + "\" is not multipart, raw, or resumable.")
	}
}

// ensureBucket creates a bucket if it is missing, because test libraries name buckets after
// projects of their own.
func (s *Server) ensureBucket(name string) error {
	if _, err := s.store.Bucket(name, objects.Conditions{}); !isNotFound(err) {
		return err
	}
	if err := objects.CheckBucketName(name); err != nil {
		return err
	}
	if len(s.store.Buckets()) >= maxAutoBuckets+len(s.buckets) {
		return &httpError{http.StatusNotFound, "notFound",
			"The bucket " + name + " does not exist, and uploads have created too many buckets already."}
	}
	s.log.Info("creating a bucket because a client uploads to it", "bucket", name)
	_, err := s.store.CreateBucket(objects.Bucket{Name: name})
	if isKind(err, objects.Conflict) {
		return nil // a concurrent upload created it
	}
	return err
}

// firebasePut returns the request to write an object. Only servers can choose its download tokens.
func (s *Server) firebasePut(c call, f fields, contentType string) (objects.PutRequest, error) {
	p, err := c.putRequest(c.names[0], c.names[1], f)
	if err != nil {
		return p, err
	}
	a := s.access(c, p.Name)
	p.Conditions = a.writeConditions()
	p.Checksums = c.headerChecksums().Or(p.Checksums)
	if p.Metadata.ContentType == "" {
		p.Metadata.ContentType = cmp.Or(contentType, "application/octet-stream")
	}
	if !a.caller.Owner || p.Metadata.Custom[tokensKey] == "" {
		setTokens(&p.Metadata, uuid.NewString())
	}
	return p, nil
}

func (s *Server) putForFirebase(c call, f fields, contentType string, body io.Reader) error {
	p, err := s.firebasePut(c, f, contentType)
	if err != nil {
		return err
	}
	o, err := s.put(p, body)
	if err != nil {
		return err
	}
	return c.writeFirebaseObject(o)
}

// startForFirebase starts a resumable upload and responds with its URL.
func (s *Server) startForFirebase(c call) error {
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	p, err := s.firebasePut(c, f, c.Header.Get("X-Goog-Upload-Header-Content-Type"))
	if err != nil {
		return err
	}
	total := int64(-1)
	if text := c.Header.Get("X-Goog-Upload-Header-Content-Length"); text != "" {
		if total, err = strconv.ParseInt(text, 10, 64); err != nil || total < 0 {
			return badRequest("Invalid value for X-Goog-Upload-Header-Content-Length: \"" + text + "\" is not a size.")
		}
	}
	u, err := s.store.StartUpload(p, total)
	if err != nil {
		return err
	}
	q := url.Values{"name": {p.Name}, "upload_id": {u.ID}, "upload_protocol": {"resumable"}}
	uploadURL := origin(c.Request) + firebasePrefix + "b/" + url.PathEscape(p.Bucket) + "/o?" + q.Encode()
	h := c.w.Header()
	h.Set("X-Goog-Upload-URL", uploadURL)
	h.Set("X-Goog-Upload-Control-URL", uploadURL)
	h.Set("X-Goog-Upload-Chunk-Granularity", strconv.Itoa(chunkBytes))
	h.Set("X-GUploader-UploadID", u.ID)
	setUploadState(h, "active", 0)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func setUploadState(h http.Header, state string, received int64) {
	h.Set("X-Goog-Upload-Status", state)
	h.Set("X-Goog-Upload-Size-Received", strconv.FormatInt(received, 10))
}

// continueForFirebase executes commands on a resumable upload: "upload", "finalize", "upload,
// finalize", "query" or "cancel".
func (s *Server) continueForFirebase(c call, id, commands string) error {
	u, err := s.store.Upload(id)
	if err != nil {
		return err
	}
	for command := range strings.SplitSeq(commands, ",") {
		switch strings.TrimSpace(command) {
		case "upload":
			err = c.receiveChunk(u)
		case "finalize":
			var received int64
			if received, _, _, err = u.State(); err == nil {
				_, err = u.Finish(received, nil, c.headerChecksums())
			}
		case "query":
		case "cancel":
			if _, done, _, _ := u.State(); done {
				return badRequest("The upload has ended: it cannot be canceled.")
			}
			if err := s.store.CancelUpload(id); err != nil {
				return err
			}
			c.w.Header().Set("X-Goog-Upload-Status", "cancelled")
			c.w.WriteHeader(http.StatusOK)
			return nil
		default:
			err = badRequest("Invalid value for X-Goog-Upload-Command: \"" + commands + "\".")
		}
		if err != nil {
			break
		}
	}
	received, done, o, outcome := u.State()
	if done {
		setUploadState(c.w.Header(), "final", received)
		if outcome != nil {
			return outcome
		}
		return c.writeFirebaseObject(o)
	}
	setUploadState(c.w.Header(), "active", received)
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// receiveChunk appends the body to an upload as it arrives. If the connection breaks, the bytes
// received so far are kept, and the client asks how many there are.
func (c call) receiveChunk(u *objects.Upload) error {
	at, err := strconv.ParseInt(c.Header.Get("X-Goog-Upload-Offset"), 10, 64)
	if err != nil || at < 0 {
		return badRequest("Invalid value for X-Goog-Upload-Offset: \"" + c.Header.Get("X-Goog-Upload-Offset") + "\" is not an offset.")
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Body.Read(buf)
		if e := u.Append(at, buf[:n]); e != nil {
			return e
		}
		at += int64(n)
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
