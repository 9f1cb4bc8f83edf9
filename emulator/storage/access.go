package storage

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"sync"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/emulatorauth"
	"heek.kr/heektime/emulator/internal/objects"
	"heek.kr/heektime/emulator/rules"
)

// guard judges what Firebase's clients ask for by security rules. Server clients don't come by here.
type guard struct {
	clock     *clock.Clock
	log       *slog.Logger
	documents rules.Documents // that rules may ask Firestore for; nil: none
	callers   emulatorauth.Authenticator
	journal   rules.RequestLog

	mu       sync.RWMutex
	editions map[string]*edition // by bucket; "" is for those that have none of their own
}

// edition is compiled rules and what was counted of them.
type edition struct {
	rules    *rules.Ruleset
	coverage *rules.Coverage
}

func newGuard(cfg Config) *guard {
	return &guard{
		clock: cfg.Clock, log: cfg.Logger, documents: cfg.Documents, editions: map[string]*edition{},
		callers: emulatorauth.Authenticator{Schemes: []string{"Firebase", "Bearer"}},
	}
}

// edition is the rules for a bucket, nil for none.
func (g *guard) edition(bucket string) *edition {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if e, ok := g.editions[bucket]; ok {
		return e
	}
	return g.editions[""]
}

// access is somebody who asks for something in a bucket.
type access struct {
	*guard
	ctx    context.Context
	who    emulatorauth.Caller
	bucket string
	path   string // as rules know it
}

// access begins a call for the object of that name, or "" for the bucket. It may outlive the request, which may begin an
// upload that others go on with.
func (s *Server) access(c call, name string) access {
	bucket := c.names[0]
	path := "/b/" + bucket + "/o"
	if name != "" {
		path += "/" + name
	}
	return access{
		guard: s.guard, ctx: context.WithoutCancel(c.Context()), who: s.guard.callers.Authenticate(c.Header.Get("Authorization")),
		bucket: bucket, path: path,
	}
}

// verbs are what the error to a client calls a method.
var verbs = map[rules.Method]string{rules.Get: "READ", rules.List: "LIST", rules.Create: "WRITE", rules.Update: "WRITE", rules.Delete: "WRITE"}

// judge asks the rules. The error says to the client what production says; why is in the journal and in the log.
func (a access) judge(method rules.Method, before, after *objects.Object) error {
	active := a.edition(a.bucket)
	switch {
	case active == nil || a.who.Owner:
		return nil
	case a.who.Err != nil:
		return &httpError{http.StatusUnauthorized, "authError", "Invalid credentials: " + a.who.Err.Error() + "."}
	}
	req := rules.Request{
		Service: rules.Storage, Method: method, Path: a.path, Auth: a.who.Auth, Time: a.clock.Now(),
		Before: attributes(before), After: attributes(after), Access: rules.NewAccess(a.documents), Coverage: active.coverage, Explain: true,
	}
	d := active.rules.Evaluate(a.ctx, &req)
	e := rules.NewEvaluation(&req, d)
	a.journal.Add(e)
	e.LogTo(a.ctx, a.log)
	switch {
	case d.Allowed:
		return nil
	case d.Err != nil: // not a 5xx status, which clients retry for minutes
		return badRequest("The security rules could not be evaluated: " + d.Err.Error() + ".")
	}
	return &httpError{http.StatusForbidden, "forbidden", "Permission denied. No " + verbs[method] + " permission."}
}

// writing is the conditions under which the caller may write.
func (a access) writing() objects.Conditions {
	return objects.Conditions{Allow: func(before, after *objects.Object) error {
		switch {
		case after == nil:
			return a.judge(rules.Delete, before, nil)
		case before == nil:
			return a.judge(rules.Create, nil, after)
		}
		return a.judge(rules.Update, before, after)
	}}
}

// attributes are an object's as rules see it, nil for none.
func attributes(o *objects.Object) rules.Fields {
	if o == nil {
		return nil
	}
	return rules.Object{
		Name: o.Name, Bucket: o.Bucket, Generation: o.Generation, Metageneration: o.Metageneration, Size: o.Size,
		TimeCreated: o.Created, Updated: o.Updated, MD5Hash: base64.StdEncoding.EncodeToString(o.MD5),
		CRC32C: objects.EncodeCRC32C(o.CRC32C), ETag: jsonTag(*o), ContentDisposition: o.ContentDisposition,
		ContentEncoding: o.ContentEncoding, ContentLanguage: o.ContentLanguage, ContentType: o.ContentType,
		Metadata: withoutTokens(o.Custom),
	}.Fields()
}
