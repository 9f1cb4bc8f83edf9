package storage

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/emulatorauth"
	"heek.kr/heektime/emulator/internal/objects"
	"heek.kr/heektime/emulator/rules"
)

// guard authorizes requests of Firebase clients by security rules. Server clients bypass it.
type guard struct {
	clock         *clock.Clock
	log           *slog.Logger
	meter         *billing.Meter
	documents     rules.Documents // Firestore documents that rules can read; nil: none
	authenticator emulatorauth.Authenticator
	requestLog    rules.RequestLog

	mu       sync.RWMutex
	byBucket map[string]*activeRules // "" applies to buckets that have no entry; nil: full access
}

// activeRules is a compiled ruleset and its coverage.
type activeRules struct {
	rules    *rules.Ruleset
	coverage *rules.Coverage
}

func newGuard(cfg Config) *guard {
	return &guard{
		clock: cfg.Clock, log: cfg.Logger, meter: cfg.Meter, documents: cfg.Documents, byBucket: map[string]*activeRules{},
		authenticator: emulatorauth.Authenticator{Schemes: []string{"Firebase", "Bearer"}, SignedTokens: cfg.AcceptSignedTokens},
	}
}

// active returns the rules of a bucket, or nil if it has none.
func (g *guard) active(bucket string) *activeRules {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if e, ok := g.byBucket[bucket]; ok {
		return e
	}
	return g.byBucket[""]
}

// access is a caller's access to an object or a prefix of a bucket.
type access struct {
	*guard
	ctx    context.Context
	caller emulatorauth.Caller
	bucket string
	path   string // as in the rules
}

// access returns the caller's access to the named object, or to the bucket if name is empty. It may
// outlive the request, because a resumable upload is authorized when it completes.
func (s *Server) access(c call, name string) access {
	bucket := c.names[0]
	path := "/b/" + bucket + "/o"
	if name != "" {
		path += "/" + name
	}
	return access{
		guard: s.guard, ctx: context.WithoutCancel(c.Context()),
		caller: s.caller(c),
		bucket: bucket, path: path,
	}
}

// permissions are the names of methods in Firebase's error messages.
var permissions = map[rules.Method]string{
	rules.Get: "READ", rules.List: "LIST", rules.Create: "WRITE", rules.Update: "WRITE", rules.Delete: "WRITE",
}

// authorize evaluates the rules. Its error reveals no more than production does; the
// reason is in the evaluations and in the log.
func (a access) authorize(method rules.Method, before, after *objects.Object) error {
	active := a.active(a.bucket)
	switch {
	case active == nil || a.caller.Owner:
		return nil
	case a.caller.Err != nil:
		return &httpError{http.StatusUnauthorized, "authError", "Invalid credentials: " + a.caller.Err.Error() + "."}
	}
	req := rules.Request{
		Service: rules.Storage, Method: method, Path: a.path, Auth: a.caller.Auth, Time: a.clock.Now(),
		Before: ruleFields(before), After: requestFields(after),
		Access: rules.NewAccess(a.documents), Coverage: active.coverage, Explain: true,
	}
	d := active.rules.Evaluate(a.ctx, &req)
	if a.meter != nil && d.Calls > 0 {
		a.countDocuments(req.Access)
	}
	e := rules.NewEvaluation(&req, d)
	a.requestLog.Add(e)
	e.LogTo(a.ctx, a.log)
	switch {
	case d.Allowed:
		return nil
	case d.Err != nil: // not a 5xx status, because clients retry those for minutes
		return badRequest("The security rules could not be evaluated: " + d.Err.Error() + ".")
	}
	return &httpError{http.StatusForbidden, "forbidden", "Permission denied. No " + permissions[method] + " permission."}
}

// writeConditions returns the precondition that the rules allow the write.
func (a access) writeConditions() objects.Conditions {
	return objects.Conditions{Authorize: func(before, after *objects.Object) error {
		switch {
		case after == nil:
			return a.authorize(rules.Delete, before, nil)
		case before == nil:
			return a.authorize(rules.Create, nil, after)
		}
		return a.authorize(rules.Update, before, after)
	}}
}

// requestFields returns an object as request.resource shows it: without the properties that only a
// stored object has (https://firebase.google.com/docs/reference/security/storage#resource).
func requestFields(o *objects.Object) rules.Fields {
	if o == nil {
		return nil
	}
	r := ruleObject(*o)
	r.Generation, r.Metageneration, r.ETag = 0, 0, ""
	r.TimeCreated, r.Updated = time.Time{}, time.Time{}
	return r.Fields()
}

// ruleFields returns a stored object as resource shows it; nil for nil.
func ruleFields(o *objects.Object) rules.Fields {
	if o == nil {
		return nil
	}
	return ruleObject(*o).Fields()
}

func ruleObject(o objects.Object) rules.Object {
	return rules.Object{
		Name: o.Name, Bucket: o.Bucket, Generation: o.Generation, Metageneration: o.Metageneration, Size: o.Size,
		TimeCreated: o.Created, Updated: o.Updated, MD5Hash: base64.StdEncoding.EncodeToString(o.MD5),
		CRC32C: objects.EncodeCRC32C(o.CRC32C), ETag: jsonTag(o), ContentDisposition: o.ContentDisposition,
		ContentEncoding: o.ContentEncoding, ContentLanguage: o.ContentLanguage, ContentType: o.ContentType,
		Metadata: withoutTokens(o.Custom),
	}
}
