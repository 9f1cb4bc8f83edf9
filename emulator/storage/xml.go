package storage

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/objects"
)

// The part of the XML API that the Go client's downloads and signed URLs use.
// Source: https://cloud.google.com/storage/docs/xml-api/reference-headers.

// xmlTag returns an object's ETag in the XML API: its MD5, or a form of its JSON ETag if it is
// composed.
func xmlTag(o objects.Object) string {
	if o.MD5 == nil {
		return `"-` + etag(o.Generation, o.Metageneration) + `"`
	}
	return `"` + hex.EncodeToString(o.MD5) + `"`
}

// xmlConditions returns the preconditions x-goog-if-generation-match and
// x-goog-if-metageneration-match.
func (c call) xmlConditions() (objects.Conditions, error) {
	var cond objects.Conditions
	for name, to := range map[string]**int64{"X-Goog-If-Generation-Match": &cond.GenerationMatch, "X-Goog-If-Metageneration-Match": &cond.MetagenerationMatch} {
		text := c.Header.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return cond, badRequest("Invalid value for " + name + ": " + strconv.Quote(text) + " is not a whole number.")
		}
		*to = &n
	}
	return cond, nil
}

func (s *Server) getXML(c call) error {
	ref, err := c.ref("generation")
	if err != nil {
		return err
	}
	cond, err := c.xmlConditions()
	if err != nil {
		return err
	}
	return s.download(c, ref, cond, xmlTag)
}

func (s *Server) putXML(c call) error {
	if c.Header.Get("X-Goog-Copy-Source") != "" {
		return notEmulated("copying through the XML API")
	}
	p, err := c.putRequest(c.names[0], c.names[1], fields{})
	if err != nil {
		return err
	}
	if p.Conditions, err = c.xmlConditions(); err != nil {
		return err
	}
	h := c.Header
	p.StorageClass = h.Get("X-Goog-Storage-Class")
	p.Checksums = c.headerChecksums().Or(objects.Checksums{MD5: h.Get("Content-Md5")})
	p.Metadata = objects.Metadata{
		ContentType:        h.Get("Content-Type"),
		ContentEncoding:    h.Get("Content-Encoding"),
		ContentLanguage:    h.Get("Content-Language"),
		ContentDisposition: h.Get("Content-Disposition"),
		CacheControl:       h.Get("Cache-Control"),
		Custom:             map[string]string{},
	}
	for name, values := range h {
		if key, ok := strings.CutPrefix(name, "X-Goog-Meta-"); ok {
			p.Metadata.Custom[strings.ToLower(key)] = values[0]
		}
	}
	o, err := s.put(p, c.Body)
	if err != nil {
		return err
	}
	setObjectHeaders(c.w.Header(), o)
	c.w.Header().Del("Cache-Control")
	c.w.Header().Set("ETag", xmlTag(o))
	c.w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) deleteXML(c call) error {
	ref, err := c.ref("generation")
	if err != nil {
		return err
	}
	cond, err := c.xmlConditions()
	if err != nil {
		return err
	}
	if err := s.store.Delete(ref, cond); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
