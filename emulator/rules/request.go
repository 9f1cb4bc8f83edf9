package rules

import (
	"fmt"
	"time"
)

// Service is a service that rules are written for.
type Service string

// The services.
const (
	Firestore Service = "cloud.firestore"
	Storage   Service = "firebase.storage"
)

// Method is what a request does. Read and write of the language are groups of these.
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

// String is the method's name in the language.
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

// Auth is who asks.
type Auth struct {
	UID   string // request.auth.uid
	Token Fields // request.auth.token: the claims of the ID token, see Claims; nil is none
}

// Request is what is judged. It must not change meanwhile.
type Request struct {
	Service Service
	Method  Method
	// Path is written with a slash before every segment. For Firestore it is that of the document,
	// /databases/(default)/documents/users/alice, and for a list that of the collection (see Query.Group for collection
	// groups). For Storage it is /b/BUCKET/o/ and the object's name; for a list the prefix, as far as a slash.
	Path string
	Auth *Auth // nil when nobody is signed in
	Time time.Time
	// Before is the document as it is, nil when there is none: resource.data. For Storage these are the attributes
	// themselves, see Object. A list does not need it.
	Before Fields
	// After is what a create or update would make of it: request.resource.data. Server timestamps and other transforms
	// are already applied; a server timestamp equals Time.
	After Fields
	// Query is what a list of Firestore asks for; nil asks for the whole collection.
	Query *Query
	// Access is what the rules may ask for other documents by. The writes of a batch share one. Nil is no document.
	Access *Access
	// Explain asks for Decision.Refusal, which costs a second evaluation.
	Explain bool
	// Coverage counts what expressions evaluate to, unless it is nil. It must be of the ruleset that judges.
	Coverage *Coverage
	// Debug receives what the rules give to debug(), unless it is nil.
	Debug func(line int, value Value)
}

func (q *Request) check() error {
	switch {
	case q.Service != Firestore && q.Service != Storage:
		return fmt.Errorf("judge a request: unknown service %q", q.Service)
	case q.Method < Get || q.Method > Delete:
		return fmt.Errorf("judge a request: unknown method %d", q.Method)
	case q.Path == "" || q.Path[0] != '/':
		return fmt.Errorf("judge a request: the path %q must start with a slash", q.Path)
	case (q.Method == Create || q.Method == Update) && q.After == nil:
		return fmt.Errorf("judge a request: a %s needs After", q.Method)
	case q.Method == Update && q.Before == nil:
		return fmt.Errorf("judge a request: a %s needs Before", q.Method)
	}
	return nil
}

// requestView is `request`.
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
