package storage

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/objects"
	"heek.kr/heektime/emulator/rules"
)

// firebasePrefix is where Firebase's clients find their own API. No bucket has a name of two characters.
const firebasePrefix = "/v0/"

// firebaseRoutes are the calls of Firebase's clients. Source: wire traffic of the SDKs, versions 9 and 12.
var firebaseRoutes = []route{
	{"GET", "b/*/o", (*Server).listForFirebase},
	{"GET", "b/*/o/*", (*Server).getForFirebase},
	{"HEAD", "b/*/o/*", (*Server).getForFirebase},
	{"PATCH", "b/*/o/*", (*Server).patchForFirebase},
	{"DELETE", "b/*/o/*", (*Server).deleteForFirebase},
	{"POST", "b/*/o", (*Server).postForFirebase},
	{"PUT", "b/*/o", (*Server).postForFirebase},
	{"POST", "b/*/o/*", (*Server).postForFirebase},
	{"PUT", "b/*/o/*", (*Server).postForFirebase},
}

// firebaseObject is an object as Firebase's clients see it. Source: as of firebaseRoutes.
type firebaseObject struct {
	Name               string            `json:"name"`
	Bucket             string            `json:"bucket"`
	Generation         int64             `json:"generation,string"`
	Metageneration     int64             `json:"metageneration,string"`
	ContentType        string            `json:"contentType,omitempty"`
	TimeCreated        string            `json:"timeCreated"`
	Updated            string            `json:"updated"`
	StorageClass       string            `json:"storageClass"`
	Size               int64             `json:"size,string"`
	MD5Hash            string            `json:"md5Hash,omitempty"`
	CRC32C             string            `json:"crc32c"`
	ETag               string            `json:"etag"`
	ContentEncoding    string            `json:"contentEncoding"`
	ContentDisposition string            `json:"contentDisposition"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	CacheControl       string            `json:"cacheControl,omitempty"`
	DownloadTokens     string            `json:"downloadTokens,omitempty"` // with commas between
	Metadata           map[string]string `json:"metadata,omitempty"`
}

func (c call) answerFirebase(o objects.Object) error {
	h := c.w.Header()
	h.Set("ETag", jsonTag(o))
	h.Set("Cache-Control", "private, max-age=0") // a browser may keep it, but asks each time whether it still holds
	tokens := o.Custom[tokensKey]
	o = asFirebase(o)
	encoding := o.ContentEncoding
	if encoding == "" {
		encoding = "identity"
	}
	return writeJSON(c.w, http.StatusOK, firebaseObject{
		Name: o.Name, Bucket: o.Bucket, Generation: o.Generation, Metageneration: o.Metageneration,
		ContentType: o.ContentType, TimeCreated: timestamp(o.Created), Updated: timestamp(o.Updated),
		StorageClass: o.StorageClass, Size: o.Size, MD5Hash: base64.StdEncoding.EncodeToString(o.MD5),
		CRC32C: objects.EncodeCRC32C(o.CRC32C), ETag: jsonTag(o), ContentEncoding: encoding,
		ContentDisposition: o.ContentDisposition, ContentLanguage: o.ContentLanguage, CacheControl: o.CacheControl,
		DownloadTokens: tokens, Metadata: o.Custom,
	})
}

// asFirebase changes what Firebase's clients are told of an object: its tokens are none of its own metadata, and it has a
// file name.
func asFirebase(o objects.Object) objects.Object {
	o.Custom = withoutTokens(o.Custom)
	if o.ContentDisposition == "" {
		o.ContentDisposition = "inline; filename*=utf-8''" + url.PathEscape(o.Name[strings.LastIndexByte(o.Name, '/')+1:])
	}
	return o
}

// getForFirebase answers with an object's bytes or, without alt=media, its description. A download token opens the bytes
// to everybody. That there is no such object is told to those who might read it.
func (s *Server) getForFirebase(c call) error {
	bucket, name := c.names[0], c.names[1]
	media := c.URL.Query().Get("alt") == "media"
	r, err := s.store.OpenObject(objects.Ref{Bucket: bucket, Name: name}, objects.Conditions{})
	if isNotFound(err) {
		if refused := s.access(c, name).judge(rules.Get, nil, nil); refused != nil {
			return refused
		}
		return err
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if !media || !hasToken(r.Object, c.URL.Query().Get("token")) {
		if err := s.access(c, name).judge(rules.Get, &r.Object, nil); err != nil {
			return err
		}
	}
	if media {
		r.Object = asFirebase(r.Object)
		return c.sendObject(r, jsonTag)
	}
	o := r.Object
	if o.Custom[tokensKey] == "" && c.Method == http.MethodGet {
		if o, err = s.addToken(o); err != nil {
			return err
		}
	}
	if err := c.checkETag(jsonTag(o), o.Updated); err != nil {
		c.w.Header().Set("ETag", jsonTag(o))
		return err
	}
	return c.answerFirebase(o)
}

// listForFirebase leaves out, as the service does, the objects that Firebase's clients have no name for.
// Source: https://firebase.google.com/docs/reference/js/storage#list.
func (s *Server) listForFirebase(c call) error {
	q := c.URL.Query()
	prefix := q.Get("prefix")
	folder := prefix[:max(0, strings.LastIndexByte(prefix, '/'))]
	if err := s.access(c, folder).judge(rules.List, nil, nil); err != nil {
		return err
	}
	query := objects.Query{Bucket: c.names[0], Prefix: prefix, Delimiter: q.Get("delimiter"), PageToken: q.Get("pageToken")}
	limit, err := c.number("maxResults")
	if err != nil {
		return err
	}
	if limit != nil {
		if *limit < 1 {
			return badRequest("Invalid value for maxResults: " + strconv.FormatInt(*limit, 10) + " is not positive.")
		}
		query.MaxResults = int(min(*limit, 1000))
	}
	page, err := s.store.List(query)
	if err != nil && !isNotFound(err) {
		return err
	}
	type item struct {
		Name   string `json:"name"`
		Bucket string `json:"bucket"`
	}
	list := struct {
		Prefixes      []string `json:"prefixes"`
		Items         []item   `json:"items"`
		NextPageToken string   `json:"nextPageToken,omitempty"`
	}{Prefixes: []string{}, Items: []item{}, NextPageToken: page.NextPageToken}
	for _, p := range page.Prefixes {
		if !strings.Contains(p, "//") && p != "/" {
			list.Prefixes = append(list.Prefixes, p)
		}
	}
	for _, o := range page.Objects {
		if !strings.Contains(o.Name, "//") && !strings.HasSuffix(o.Name, "/") {
			list.Items = append(list.Items, item{o.Name, o.Bucket})
		}
	}
	return writeJSON(c.w, http.StatusOK, list)
}

// patchForFirebase changes the fields that it is given.
func (s *Server) patchForFirebase(c call) error {
	bucket, name := c.names[0], c.names[1]
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	if err := f.apply(&objects.Metadata{}); err != nil { // before anything is told of the object
		return err
	}
	a := s.access(c, name)
	o, err := s.store.Update(objects.Ref{Bucket: bucket, Name: name}, a.writing(), func(m *objects.Metadata) error {
		tokens := m.Custom[tokensKey]
		err := f.apply(m)
		setTokens(m, tokens)
		return err
	})
	if isNotFound(err) {
		if refused := a.judge(rules.Get, nil, nil); refused != nil {
			return refused
		}
	}
	if err != nil {
		return err
	}
	return c.answerFirebase(o)
}

func (s *Server) deleteForFirebase(c call) error {
	a := s.access(c, c.names[1])
	err := s.store.Delete(objects.Ref{Bucket: c.names[0], Name: c.names[1]}, a.writing())
	if isNotFound(err) {
		if refused := a.judge(rules.Delete, nil, nil); refused != nil {
			return refused
		}
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// postForFirebase is an upload, a token to be made or revoked, or a change of metadata by a client that can't say PATCH.
func (s *Server) postForFirebase(c call) error {
	q := c.URL.Query()
	if len(c.names) == 1 {
		name := q.Get("name")
		if name == "" {
			return badRequest("Required: name, in the query.")
		}
		c.names = append(c.names, name)
	}
	switch {
	case strings.EqualFold(c.Header.Get("X-HTTP-Method-Override"), http.MethodPatch):
		return s.patchForFirebase(c)
	case q.Get("create_token") == "true":
		return s.createToken(c)
	case q.Get("delete_token") != "":
		return s.deleteToken(c, q.Get("delete_token"))
	}
	return s.uploadForFirebase(c)
}
