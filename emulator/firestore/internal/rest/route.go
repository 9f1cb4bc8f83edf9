package rest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/internal/resource"
)

// route is a method of the service at a path.
type route struct {
	method string
	path   string // {field=pattern} sets a field of the request; {field} means {field=*}
	body   string // the field that the body sets, "*" for the whole request, "" for none
	call   call
}

// routes are the HTTP bindings in google/firestore/v1/firestore.proto, and as in Google's emulator those of
// ListDocuments with an empty collection ID. The first match wins: the path of a collection also looks like
// that of a document. Version v1beta1 of the API has the same paths and messages.
var routes = []route{
	{"GET", "/v1/{parent=projects/*/databases/*/documents/*/**}/{collection_id}", "", unary((*service.Service).ListDocuments)},
	{"GET", "/v1/{parent=projects/*/databases/*/documents}/{collection_id}", "", unary((*service.Service).ListDocuments)},
	{"GET", "/v1/{parent=projects/*/databases/*/documents}/", "", unary((*service.Service).ListDocuments)},
	{"GET", "/v1/{parent=projects/*/databases/*/documents/*/**}/", "", unary((*service.Service).ListDocuments)},
	{"GET", "/v1/{name=projects/*/databases/*/documents/*/**}", "", unary((*service.Service).GetDocument)},
	{"PATCH", "/v1/{document.name=projects/*/databases/*/documents/*/**}", "document", unary((*service.Service).UpdateDocument)},
	{"DELETE", "/v1/{name=projects/*/databases/*/documents/*/**}", "", unary((*service.Service).DeleteDocument)},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:batchGet", "*", stream((*service.Service).BatchGetDocuments)},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:batchWrite", "*", unary((*service.Service).BatchWrite)},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:beginTransaction", "*", unary((*service.Service).BeginTransaction)},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:commit", "*", unary((*service.Service).Commit)},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:rollback", "*", unary((*service.Service).Rollback)},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:executePipeline", "*", unimplemented("ExecutePipeline needs the Enterprise edition of Firestore, which this emulator does not support.")},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:listen", "*", unimplemented("Listen streams both ways: use a WebChannel or gRPC.")},
	{"POST", "/v1/{database=projects/*/databases/*}/documents:write", "*", unimplemented("Write streams both ways: use a WebChannel or gRPC, or documents:commit.")},
	{"POST", "/v1/{parent=projects/*/databases/*/documents}:runQuery", "*", stream((*service.Service).RunQuery)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents/*/**}:runQuery", "*", stream((*service.Service).RunQuery)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents}:runAggregationQuery", "*", stream((*service.Service).RunAggregationQuery)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents/*/**}:runAggregationQuery", "*", stream((*service.Service).RunAggregationQuery)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents}:partitionQuery", "*", unary((*service.Service).PartitionQuery)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents/*/**}:partitionQuery", "*", unary((*service.Service).PartitionQuery)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents}:listCollectionIds", "*", unary((*service.Service).ListCollectionIds)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents/*/**}:listCollectionIds", "*", unary((*service.Service).ListCollectionIds)},
	{"POST", "/v1/{parent=projects/*/databases/*/documents/**}/{collection_id}", "document", unary((*service.Service).CreateDocument)},
}

// pattern is a route's path as a regular expression for escaped paths. Its groups are the fields.
type pattern struct {
	exp    *regexp.Regexp
	fields []string
}

var (
	fieldPart = regexp.MustCompile(`\{([a-z_.]+)(?:=([^}]+))?\}`)
	patterns  = sync.OnceValue(func() []pattern {
		out := make([]pattern, len(routes))
		for i, r := range routes {
			out[i] = compile(r)
		}
		return out
	})
)

func compile(r route) pattern {
	var p pattern
	// The parent of a list is a document, so its segments come in pairs. A verb follows a colon; in
	// an id, a colon is escaped as %3A.
	deep := `/[^/]+(?:/[^/]+)*`
	if strings.Contains(r.path, "{parent=") && r.method == "GET" {
		deep = `(?:/[^/]+/[^/]+)+`
	}
	segment := `[^/]+`
	if r.method == "POST" {
		segment = `[^/:]+`
	}
	shape := strings.NewReplacer("/*/**", deep, "/**", `(?:/[^/]+)*`, "*", `[^/]+`)
	exp := fieldPart.ReplaceAllStringFunc(r.path, func(part string) string {
		m := fieldPart.FindStringSubmatch(part)
		p.fields = append(p.fields, m[1])
		if m[2] == "" {
			return "(" + segment + ")"
		}
		return "(" + shape.Replace(m[2]) + ")"
	})
	p.exp = regexp.MustCompile("^/v1(?:beta1)?/" + strings.TrimPrefix(exp, "/v1/") + "$")
	return p
}

// documentsPath begins the path of everything in a database.
var documentsPath = regexp.MustCompile("^/v1(?:beta1)?/(projects/[^/]+/databases/[^/]+/documents/.*)")

// malformed returns the error for a path that has no route because what follows documents/ cannot be the
// path of a document or a collection, such as documents/users//u1.
func malformed(path string) error {
	m := documentsPath.FindStringSubmatch(path)
	if m == nil {
		return nil
	}
	name, err := url.PathUnescape(m[1])
	if err == nil {
		_, below, _ := strings.Cut(name, "/documents/")
		_, err = resource.ParsePath(below)
	}
	return err
}

// match returns the route of a request and the fields in its path. When there is none, known
// reports whether another method has a route at the path.
func match(r *http.Request) (matched *route, fields map[string]string, known bool) {
	path := r.URL.EscapedPath()
	for i, p := range patterns() {
		m := p.exp.FindStringSubmatch(path)
		if m == nil {
			continue
		}
		known = true
		if routes[i].method != r.Method {
			continue
		}
		fields = map[string]string{}
		for n, name := range p.fields {
			value, err := url.PathUnescape(m[n+1])
			if err != nil {
				return nil, nil, false
			}
			fields[name] = value
		}
		return &routes[i], fields, true
	}
	return nil, nil, known
}
