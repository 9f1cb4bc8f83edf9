package rules

import (
	"fmt"
	"time"
)

// Service is a service that has security rules.
type Service string

// The services.
const (
	Firestore Service = "cloud.firestore"
	Storage   Service = "firebase.storage"
)

// Method is the operation of a request. The language's read and write are groups of these.
type Method uint8

// The methods. A batch read is a Get of each document; a count or other aggregation is a List.
const (
	Get Method = iota + 1
	List
	Create
	Update
	Delete
)

var methodNames = [...]string{Get: "get", List: "list", Create: "create", Update: "update", Delete: "delete"}

// String returns the method's name in the language.
func (m Method) String() string {
	if m == 0 || int(m) >= len(methodNames) {
		return "invalid"
	}
	return methodNames[m]
}

type methodSet uint8

func (s methodSet) has(m Method) bool { return s&(1<<m) != 0 }

var methodSets = map[string]methodSet{
	"get": 1 << Get, "list": 1 << List, "create": 1 << Create, "update": 1 << Update, "delete": 1 << Delete,
	"read": 1<<Get | 1<<List, "write": 1<<Create | 1<<Update | 1<<Delete,
}

// Auth is the signed-in user of a request.
type Auth struct {
	UID   string // request.auth.uid
	Token Fields // request.auth.token, the claims of the ID token (see Claims); nil means none
}

// Request is a request to evaluate. It must not change during the evaluation.
type Request struct {
	Service Service
	Method  Method
	// Path has a slash before every segment. For Firestore it is the path of the document,
	// /databases/(default)/documents/users/alice, or for a list the path of the collection (see
	// Query.Group for collection groups). For Storage it is /b/BUCKET/o/ followed by the object's
	// name, or for a list by the prefix up to a slash.
	Path string
	Auth *Auth // nil when not signed in
	Time time.Time
	// Before is the document before the request, which rules see as resource.data; nil if it does
	// not exist. For Storage it is the object's attributes, see Object. A list does not need it.
	Before Fields
	// After is the document as a create or update would leave it, which rules see as
	// request.resource.data. Server timestamps and other transforms are already applied; a server
	// timestamp equals Time.
	After Fields
	// Query is the query of a Firestore list; nil is the whole collection.
	Query *Query
	// Access reads other documents for the rules. The writes of a batch share one. Nil makes every
	// access call fail.
	Access *Access
	// Explain fills Decision.Denial, at the cost of a second evaluation of denied requests.
	Explain bool
	// Coverage, if not nil, counts the outcomes of expressions. It must belong to the ruleset.
	Coverage *Coverage
	// Debug, if not nil, receives the arguments of debug() calls.
	Debug func(line int, value Value)
}

// check returns an error for a request that is inconsistent in itself.
func (q *Request) check() error {
	switch {
	case q.Service != Firestore && q.Service != Storage:
		return fmt.Errorf("evaluate rules: unknown service %q", q.Service)
	case q.Method < Get || q.Method > Delete:
		return fmt.Errorf("evaluate rules: unknown method %d", q.Method)
	case q.Path == "" || q.Path[0] != '/':
		return fmt.Errorf("evaluate rules: path %q does not start with a slash", q.Path)
	case (q.Method == Create || q.Method == Update) && q.After == nil:
		return fmt.Errorf("evaluate rules: a %s request needs After", q.Method)
	case q.Method == Update && q.Before == nil:
		return fmt.Errorf("evaluate rules: a %s request needs Before", q.Method)
	}
	return nil
}

// requestView is the variable `request`.
type requestView evaluator

func (v *requestView) Len() int { n := 0; v.Names(func(string) bool { n++; return true }); return n }

func (v *requestView) Get(name string) (Value, bool) {
	switch name {
	case "auth":
		if v.req.Auth == nil {
			return Value{}, true
		}
		return Value{kind: KindMap, ref: (*authView)(v.req.Auth)}, true
	case "resource":
		return v.after, true
	case "time":
		return TimeValue(v.now), true
	case "method":
		return StringValue(v.req.Method.String()), true
	case "path":
		if v.path == "" {
			return unknownPath, true
		}
		return PathValue(v.path), true
	case "query":
		if v.req.Query != nil {
			return Value{kind: KindMap, ref: (*queryView)(v.req.Query)}, true
		}
		if v.req.Method == List {
			return Value{kind: KindMap, ref: (*queryView)(&wholeCollection)}, true
		}
	}
	return Value{}, false
}

func (v *requestView) Names(yield func(string) bool) {
	for _, name := range []string{"auth", "method", "path", "query", "resource", "time"} {
		if _, ok := v.Get(name); ok && !yield(name) {
			return
		}
	}
}

var wholeCollection Query

// authView is `request.auth`.
type authView Auth

func (v *authView) Len() int { return 2 }

func (v *authView) Get(name string) (Value, bool) {
	switch name {
	case "uid":
		return StringValue(v.UID), true
	case "token":
		if v.Token == nil {
			return MapValue(valueMap{}), true
		}
		return MapValue(v.Token), true
	}
	return Value{}, false
}

func (v *authView) Names(yield func(string) bool) { _ = yield("uid") && yield("token") }
