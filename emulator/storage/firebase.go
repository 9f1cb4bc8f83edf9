package storage

import (
	"errors"
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/internal/objects"
	"heek.kr/heektime/emulator/rules"
)

// firebasePrefix is the path prefix of the Firebase API. It does not conflict with the XML API,
// because bucket names have at least three characters.
const firebasePrefix = "/v0/"

// firebaseRoutes are the endpoints of the Firebase API.
// Source: wire traffic of the SDKs, versions 9 and 12.
var firebaseRoutes = []route{
	{"GET", "b/*/o", "objects.list", (*Server).listForFirebase},
	{"GET", "b/*/o/*", "objects.get", (*Server).getForFirebase},
	{"HEAD", "b/*/o/*", "objects.get", (*Server).getForFirebase},
	{"PATCH", "b/*/o/*", "objects.patch", (*Server).patchForFirebase},
	{"DELETE", "b/*/o/*", "objects.delete", (*Server).deleteForFirebase},
	{"POST", "b/*/o", "objects.insert", (*Server).postForFirebase},
	{"PUT", "b/*/o", "objects.insert", (*Server).postForFirebase},
	{"POST", "b/*/o/*", "objects.insert", (*Server).postForFirebase},
	{"PUT", "b/*/o/*", "objects.insert", (*Server).postForFirebase},
}

// getForFirebase sends an object's bytes with alt=media, otherwise its metadata. A download token
// grants access to the bytes regardless of the rules. Callers who may not read the object do not
// learn whether it exists.
func (s *Server) getForFirebase(c call) error {
	bucket, name := c.names[0], c.names[1]
	media := c.URL.Query().Get("alt") == "media"
	r, err := s.store.OpenObject(objects.Ref{Bucket: bucket, Name: name}, objects.Conditions{})
	if isNotFound(err) {
		if denied := s.access(c, name).authorize(rules.Get, nil, nil); denied != nil {
			return denied
		}
		return err
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if !media || !hasToken(r.Object, c.URL.Query().Get("token")) {
		if err := s.access(c, name).authorize(rules.Get, &r.Object, nil); err != nil {
			return err
		}
	}
	if media {
		r.Object = firebaseView(r.Object)
		return c.sendObject(r, jsonTag)
	}
	o := r.Object
	if o.Custom[tokensKey] == "" && c.Method == http.MethodGet {
		with, err := s.addToken(o)
		var known *objects.Error
		switch {
		case err == nil:
			o = with
		case errors.As(err, &known):
			return err
		default: // reading must not need the disk's free space
			s.log.WarnContext(c.Context(), "cannot store a download token; responding without one", "object", o.Name, "error", err)
		}
	}
	if err := c.checkETag(jsonTag(o), o.Updated); err != nil {
		c.w.Header().Set("ETag", jsonTag(o))
		return err
	}
	return c.writeFirebaseObject(o)
}

// patchForFirebase changes the fields in the request and keeps the others.
func (s *Server) patchForFirebase(c call) error {
	bucket, name := c.names[0], c.names[1]
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	if err := f.apply(&objects.Metadata{}); err != nil { // validate before reading the object
		return err
	}
	a := s.access(c, name)
	o, err := s.store.Update(objects.Ref{Bucket: bucket, Name: name}, a.writeConditions(), func(m *objects.Metadata) error {
		tokens := m.Custom[tokensKey]
		err := f.apply(m)
		setTokens(m, tokens)
		return err
	})
	if isNotFound(err) {
		if denied := a.authorize(rules.Get, nil, nil); denied != nil {
			return denied
		}
	}
	if err != nil {
		return err
	}
	return c.writeFirebaseObject(o)
}

func (s *Server) deleteForFirebase(c call) error {
	a := s.access(c, c.names[1])
	err := s.store.Delete(objects.Ref{Bucket: c.names[0], Name: c.names[1]}, a.writeConditions())
	if isNotFound(err) {
		if denied := a.authorize(rules.Delete, nil, nil); denied != nil {
			return denied
		}
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// postForFirebase serves uploads, creates and revokes download tokens, and changes metadata for
// clients that cannot send PATCH.
func (s *Server) postForFirebase(c call) error {
	q := c.URL.Query()
	if len(c.names) == 1 {
		name := q.Get("name")
		if name == "" {
			return badRequest("Required: the query parameter name.")
		}
		c.names = append(c.names, name)
	}
	// A call whose parameters make no sense must not become an upload, which would empty the object.
	switch override := c.Header.Get("X-HTTP-Method-Override"); {
	case q.Has("create_token") && q.Has("delete_token"):
		return badRequest("Only one of create_token and delete_token can be set.")
	case q.Has("create_token") && q.Get("create_token") != "true":
		return badRequest("Invalid value for create_token: it must be true.")
	case q.Has("create_token"):
		return s.createToken(c)
	case q.Has("delete_token") && q.Get("delete_token") == "":
		return badRequest("Invalid value for delete_token: it must be a download token.")
	case q.Has("delete_token"):
		return s.deleteToken(c, q.Get("delete_token"))
	case strings.EqualFold(override, http.MethodPatch):
		return s.patchForFirebase(c)
	case override != "" && !strings.EqualFold(override, c.Method):
		return badRequest("Invalid value for X-HTTP-Method-Override: \"" + override + "\" is not PATCH.")
	}
	return s.uploadForFirebase(c)
}
