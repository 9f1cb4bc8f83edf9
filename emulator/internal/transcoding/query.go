package transcoding

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// systemParams are the query parameters of every Google API. None is a field of a request.
// Source: https://cloud.google.com/apis/docs/system-parameters
var systemParams = map[string]bool{
	"access_token": true, "alt": true, "callback": true, "fields": true, "key": true, "oauth_token": true, "prettyPrint": true,
	"quotaUser": true, "uploadType": true, "upload_protocol": true,
}

// bind sets the fields of a message from query parameters such as updateMask.fieldPaths=a.
func bind(m proto.Message, query url.Values) error {
	tree := map[string]any{}
	for name, values := range query {
		if systemParams[name] || strings.HasPrefix(name, "$") {
			continue
		}
		if err := setParam(tree, m.ProtoReflect().Descriptor(), name, values); err != nil {
			return err
		}
	}
	text, err := json.Marshal(tree)
	if err == nil {
		err = protojson.Unmarshal(text, m)
	}
	if err != nil {
		return status.Error(codes.InvalidArgument, "Invalid query parameters: "+Reason(err))
	}
	return nil
}

// setParam adds the values of a query parameter to tree, the JSON of a message.
func setParam(tree map[string]any, d protoreflect.MessageDescriptor, name string, values []string) error {
	unknown := status.Errorf(codes.InvalidArgument,
		"Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. Field %q could not be found in request message.", name, name)
	parts := strings.Split(name, ".")
	for i, part := range parts {
		f := d.Fields().ByJSONName(part)
		if f == nil {
			f = d.Fields().ByName(protoreflect.Name(part))
		}
		if f == nil || f.IsMap() {
			return unknown
		}
		if i < len(parts)-1 {
			if f.Message() == nil || f.IsList() {
				return unknown
			}
			below, _ := tree[f.JSONName()].(map[string]any)
			if below == nil {
				below = map[string]any{}
				tree[f.JSONName()] = below
			}
			tree, d = below, f.Message()
			continue
		}
		var all []any
		for _, v := range values {
			x, err := scalar(f, v)
			if err != nil {
				return status.Errorf(codes.InvalidArgument, "Invalid value at %q: %v", name, err)
			}
			all = append(all, x)
		}
		switch {
		case f.IsList():
			before, _ := tree[f.JSONName()].([]any)
			tree[f.JSONName()] = append(before, all...)
		case len(all) != 1:
			return status.Errorf(codes.InvalidArgument, "Invalid value at %q: specify it once.", name)
		default:
			tree[f.JSONName()] = all[0]
		}
	}
	return nil
}

// scalar returns the JSON value of a query parameter. For most kinds, JSON accepts a string too.
func scalar(f protoreflect.FieldDescriptor, text string) (any, error) {
	switch {
	case f.Kind() == protoreflect.BoolKind:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", text)
		}
		return b, nil
	case f.Message() != nil && f.Message().FullName() == "google.protobuf.FieldMask":
		return camelCase(text), nil
	case f.Message() != nil && !strings.HasPrefix(string(f.Message().FullName()), "google.protobuf."):
		return nil, fmt.Errorf("%s is a message: set its fields instead", f.JSONName())
	}
	return text, nil
}

// camelCase returns the paths of a field mask as JSON has them. Query parameters may also have them as
// in the protocol, such as rate_limits.max_burst_size.
func camelCase(paths string) string {
	var b strings.Builder
	upper := false
	for _, r := range paths {
		switch {
		case r == '_':
			upper = true
		case upper:
			b.WriteRune(unicode.ToUpper(r))
			upper = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
