package storage

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/internal/emulatorauth"
	"heek.kr/heektime/emulator/rules"
)

// operations are the operations by their name in the JSON API, and the class that each is billed in.
// Those that are missing are free: deletions, and the parts of a resumable upload, which as a whole is
// one insertion. The API of Firebase is billed as the JSON API: the metadata that getDownloadURL() reads
// is a class B operation.
//
// Source: https://cloud.google.com/storage/pricing#operations-by-class
var operations = map[string]billing.Item{
	"buckets.list": billing.StorageClassA, "buckets.insert": billing.StorageClassA, "buckets.patch": billing.StorageClassA,
	"buckets.update": billing.StorageClassA, "buckets.get": billing.StorageClassB,
	"objects.list": billing.StorageClassA, "objects.insert": billing.StorageClassA, "objects.patch": billing.StorageClassA,
	"objects.update": billing.StorageClassA, "objects.compose": billing.StorageClassA, "objects.copy": billing.StorageClassA,
	"objects.rewrite": billing.StorageClassA, "objects.move": billing.StorageClassA, "objects.get": billing.StorageClassB,
}

// handle handles a request and counts what it is billed.
func (s *Server) handle(c call, h handler) error {
	if s.meter == nil || c.operation == "" {
		return h(s, c)
	}
	out, in := &billing.Response{ResponseWriter: c.w}, &countedBody{ReadCloser: c.Body}
	c.w, c.cached, c.Body = out, new(int64), in
	var err error
	defer func() { s.count(c, in.bytes, out.Bytes, err) }() // also if the client is gone
	err = h(s, c)
	return err
}

// countedBody counts the bytes of a request's body.
type countedBody struct {
	io.ReadCloser
	bytes int64
}

func (b *countedBody) Read(data []byte) (int, error) {
	n, err := b.ReadCloser.Read(data)
	b.bytes += int64(n)
	return n, err
}

// count counts an operation, and the bytes of its response. A request that fails is free, but one whose
// condition spares the client the bytes is billed as one that sends them. Of services, the bytes of the request
// count as well: if the bucket is in another region, Cloud Run bills what leaves its region, and Cloud Storage
// what leaves the bucket's.
//
// Sources: https://cloud.google.com/storage/pricing#operations-notes, …#network-buckets,
// https://cloud.google.com/run/pricing
func (s *Server) count(c call, received, sent int64, err error) {
	if err != nil && asHTTP(c.Request, err).status != http.StatusNotModified {
		return
	}
	who := s.caller(c)
	cause := who.Cause(c.bucket())
	if class := operations[c.billedOperation()]; class != "" {
		s.meter.Add(class, cause, 1)
	}
	if who.Outside() {
		s.meter.Add(billing.StorageEgress, cause, sent)
		s.meter.Add(billing.StorageCached, cause, *c.cached)
	} else {
		s.meter.Add(billing.StorageTransfer, cause, received+sent)
	}
}

// bucket returns the bucket that a request names, "" if it names none.
func (c call) bucket() string {
	if len(c.names) == 0 {
		return ""
	}
	return c.names[0]
}

// billedOperation returns the operation that a request is billed as, which the route alone does not tell
// for uploads: Firebase's clients send all that changes an object by POST.
func (c call) billedOperation() string {
	if c.operation != "objects.insert" {
		return c.operation
	}
	q := c.URL.Query()
	switch {
	case q.Get("upload_id") != "": // the upload was billed when it began
		return ""
	case strings.EqualFold(c.Header.Get("X-HTTP-Method-Override"), http.MethodPatch), q.Has("create_token"), q.Has("delete_token"):
		return "objects.patch"
	}
	return c.operation
}

// caller returns who made a request. The JSON API is that of servers; Firebase's clients and browsers use the
// other two.
func (s *Server) caller(c call) emulatorauth.Caller {
	who := s.guard.authenticator.Authenticate(c.Header.Get("Authorization"))
	who.Service, who.Action = billing.ServiceOf(c.Context()), c.Header.Get(billing.ActionHeader)
	if _, json := jsonPath(c.URL.EscapedPath()); json && who.Service == "" {
		who.Service = billing.Server
	}
	return who.Doing(c.billedOperation())
}

// countDocuments counts the Firestore documents that the rules have read.
//
// Source: https://firebase.google.com/docs/storage/security/rules-conditions#enhance_with_firestore
func (a access) countDocuments(read *rules.Access) {
	var paths []string
	for _, path := range read.Paths() {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
			a.meter.Add(billing.FirestoreReads, a.caller.Cause(collectionOf(path)), 1)
		}
	}
}

// collectionOf returns the collection of a document with the IDs replaced by {}. The path is that of rules,
// /databases/(default)/documents/users/ann.
func collectionOf(path string) string {
	_, below, _ := strings.Cut(path, "/documents/")
	ids := strings.Split(below, "/")
	for i := 1; i < len(ids); i += 2 {
		ids[i] = "{}"
	}
	return strings.Join(ids[:max(0, len(ids)-1)], "/")
}
