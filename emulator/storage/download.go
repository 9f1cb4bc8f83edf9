package storage

import (
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/objects"
)

// download sends an object's bytes. Objects with Content-Encoding gzip are decompressed for clients
// that do not accept gzip, unless Cache-Control contains no-transform. A decompressed response
// ignores Range and has no Content-Length. Source:
// https://cloud.google.com/storage/docs/transcoding.
func (s *Server) download(c call, ref objects.Ref, cond objects.Conditions, tag func(objects.Object) string) error {
	r, err := s.store.OpenObject(ref, cond)
	if err != nil {
		return err
	}
	defer r.Close()
	return c.sendObject(r, tag)
}

// sendObject sends the bytes of r, with headers from r.Object.
func (c call) sendObject(r *objects.Reader, tag func(objects.Object) string) error {
	o := r.Object
	transcode := o.ContentEncoding == "gzip" && !strings.Contains(o.CacheControl, "no-transform") && !c.acceptsGzip()
	weak := tag(o)
	if transcode {
		weak = "W/" + weak // the bytes differ from the stored ones
	}
	if err := c.checkETag(tag(o), o.Updated); err != nil {
		if asHTTP(c.Request, err).status == http.StatusNotModified {
			setDownloadHeaders(c.w.Header(), o, weak)
			if c.cached != nil {
				*c.cached = r.Size()
			}
		}
		return err
	}
	if transcode {
		return c.sendDecompressed(r, weak)
	}
	return c.sendStored(r, tag(o))
}

func setDownloadHeaders(h http.Header, o objects.Object, tag string) {
	setObjectHeaders(h, o)
	h.Set("ETag", tag)
	if o.ContentEncoding == "gzip" {
		h.Add("Vary", "Accept-Encoding") // Add, because a CORS handler may have set Origin
	}
}

func setObjectHeaders(h http.Header, o objects.Object) {
	h.Set("Content-Type", cmp.Or(o.ContentType, "application/octet-stream"))
	// The default of Cloud Storage for objects that are not public.
	h.Set("Cache-Control", cmp.Or(o.CacheControl, "private, max-age=0"))
	for name, value := range map[string]string{"Content-Disposition": o.ContentDisposition, "Content-Language": o.ContentLanguage} {
		if value != "" {
			h.Set(name, value)
		}
	}
	h.Set("Last-Modified", o.Updated.UTC().Format(http.TimeFormat))
	h.Set("X-Goog-Generation", strconv.FormatInt(o.Generation, 10))
	h.Set("X-Goog-Metageneration", strconv.FormatInt(o.Metageneration, 10))
	h.Set("X-Goog-Storage-Class", o.StorageClass)
	h.Set("X-Goog-Stored-Content-Encoding", cmp.Or(o.ContentEncoding, "identity"))
	h.Set("X-Goog-Stored-Content-Length", strconv.FormatInt(o.Size, 10))
	h.Add("X-Goog-Hash", "crc32c="+objects.EncodeCRC32C(o.CRC32C))
	if o.MD5 != nil {
		h.Add("X-Goog-Hash", "md5="+base64.StdEncoding.EncodeToString(o.MD5))
	}
	if o.Components > 0 {
		h.Set("X-Goog-Component-Count", strconv.Itoa(o.Components))
	}
	for key, value := range o.Custom {
		h.Set("X-Goog-Meta-"+key, value)
	}
}

func (c call) sendStored(r *objects.Reader, tag string) error {
	h := c.w.Header()
	start, end, status := int64(0), r.Size(), http.StatusOK
	if header := c.Header.Get("Range"); header != "" && c.rangeApplies(tag) {
		from, to, kind := parseRange(header, r.Size())
		switch kind {
		case rangeUnsatisfiable:
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", r.Size()))
			return &httpError{http.StatusRequestedRangeNotSatisfiable, "requestedRangeNotSatisfiable",
				fmt.Sprintf("The requested range cannot be satisfied: %q of %d bytes.", header, r.Size())}
		case rangePart:
			start, end, status = from, to, http.StatusPartialContent
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, r.Size()))
		}
	}
	setDownloadHeaders(h, r.Object, tag)
	if r.Object.ContentEncoding != "" {
		h.Set("Content-Encoding", r.Object.ContentEncoding)
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(end-start, 10))
	c.w.WriteHeader(status)
	if c.Method == http.MethodHead {
		return nil
	}
	if _, err := r.Seek(start, io.SeekStart); err != nil {
		return err
	}
	return c.send(io.LimitReader(r, end-start))
}

func (c call) sendDecompressed(r *objects.Reader, tag string) error {
	gz, err := gzip.NewReader(r)
	if err != nil {
		return badRequest("The object has Content-Encoding: gzip, but its bytes are not gzip: " + err.Error())
	}
	setDownloadHeaders(c.w.Header(), r.Object, tag)
	c.w.Header().Set("Warning", "214 UploadServer gunzipped")
	c.w.WriteHeader(http.StatusOK)
	if c.Method == http.MethodHead {
		return nil
	}
	return c.send(gz)
}

// send sends the body. If that fails halfway, it closes the connection, so that the client does not
// mistake a part for the whole.
func (c call) send(body io.Reader) error {
	out := httplimit.NewStreamWriter(c.w, c.stallTimeout)
	_, err := io.Copy(out, body)
	if e := out.Close(); err == nil && e != nil && !errors.Is(e, http.ErrNotSupported) {
		err = e
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (c call) acceptsGzip() bool {
	for _, line := range c.Header.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(line, ",") {
			coding, params, _ := strings.Cut(strings.TrimSpace(item), ";")
			quality := strings.TrimPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			if q, err := strconv.ParseFloat(quality, 64); strings.EqualFold(coding, "gzip") && (err != nil || q > 0) {
				return true
			}
		}
	}
	return false
}
