package transcoding

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
)

// binding is the method and path at which a call is served.
type binding struct {
	method string
	exp    *regexp.Regexp // of escaped paths; its groups are the fields
	fields []string
	body   string // the field that the body sets: see [Request]
}

// newBinding returns the binding of a google.api.http option, if it has one.
func newBinding(rule *annotations.HttpRule) (binding, bool) {
	b := binding{body: rule.GetBody()}
	var path string
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		b.method, path = http.MethodGet, pattern.Get
	case *annotations.HttpRule_Put:
		b.method, path = http.MethodPut, pattern.Put
	case *annotations.HttpRule_Post:
		b.method, path = http.MethodPost, pattern.Post
	case *annotations.HttpRule_Delete:
		b.method, path = http.MethodDelete, pattern.Delete
	case *annotations.HttpRule_Patch:
		b.method, path = http.MethodPatch, pattern.Patch
	default:
		return b, false
	}
	b.exp, b.fields = compile(path)
	return b, true
}

var field = regexp.MustCompile(`\{([a-z_.]+)(?:=([^}]+))?\}`)

// compile returns a path of the option, such as "/v2/{name=projects/*/queues/*}:run", as a regular
// expression. {field} means {field=*}. In the last segment, a colon begins a verb; elsewhere names may
// contain colons, as the IDs of old projects do.
func compile(path string) (exp *regexp.Regexp, fields []string) {
	shape := strings.NewReplacer("**", ".+", "*", "[^/]+")
	var b strings.Builder
	end := 0
	for _, at := range field.FindAllStringSubmatchIndex(path, -1) {
		value := "*"
		if at[4] >= 0 {
			value = path[at[4]:at[5]]
		}
		fields = append(fields, path[at[2]:at[3]])
		b.WriteString(regexp.QuoteMeta(path[end:at[0]]) + "(" + shape.Replace(value) + ")")
		end = at[1]
	}
	text, verb := b.String(), path[end:]
	if all, found := strings.CutSuffix(text, "[^/]+)"); found && verb == "" {
		text = all + "[^/:]+)"
	}
	return regexp.MustCompile("^" + text + regexp.QuoteMeta(verb) + "$"), fields
}

// match returns the fields in an escaped path.
func (b binding) match(path string) (map[string]string, bool) {
	m := b.exp.FindStringSubmatch(path)
	if m == nil {
		return nil, false
	}
	fields := map[string]string{}
	for i, name := range b.fields {
		value, err := url.PathUnescape(m[i+1])
		if err != nil {
			return nil, false
		}
		fields[name] = value
	}
	return fields, true
}
