// Package transcoding serves the REST API of a gRPC service, as Google's servers derive it from the
// google.api.http options of the service's methods.
//
// A [Handler] finds the method for a request, builds the method's message from path, query and body, calls
// the service as its gRPC server would, and writes the result as JSON. [Request], the errors and their HTTP
// statuses are also for servers that have their own table of methods.
//
// Source: https://cloud.google.com/endpoints/docs/grpc/transcoding
package transcoding

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"heek.kr/heektime/emulator/internal/httplimit"
)

// Limits of request bodies. gRPC's own limit for a message is 4 MiB; in JSON, bytes grow by a third.
const (
	maxBodyBytes      = 6 << 20
	maxTotalBodyBytes = 64 << 20
)

// Handler serves the REST API of a service. It is an [http.Handler].
type Handler struct {
	service any
	routes  []route
	bodies  httplimit.BodyReader
}

// route is a binding of a method to a path.
type route struct {
	binding
	call grpc.MethodHandler
}

// NewHandler returns a handler for a service with the description that protoc generated. The service must
// implement it. It panics if the description has no bindings, which is a bug of the caller.
func NewHandler(description *grpc.ServiceDesc, service any) *Handler {
	h := &Handler{service: service, bodies: httplimit.BodyReader{MaxBytes: maxBodyBytes, MaxTotalBytes: maxTotalBodyBytes}}
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(description.ServiceName))
	if err != nil {
		panic(fmt.Sprintf("transcoding: finding %s: %v", description.ServiceName, err))
	}
	methods := found.(protoreflect.ServiceDescriptor).Methods()
	for _, m := range description.Methods {
		options := methods.ByName(protoreflect.Name(m.MethodName)).Options()
		rule, _ := proto.GetExtension(options, annotations.E_Http).(*annotations.HttpRule)
		for _, rule := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
			if b, ok := newBinding(rule); ok {
				h.routes = append(h.routes, route{b, m.Handler})
			}
		}
	}
	if h.routes == nil {
		panic("transcoding: " + description.ServiceName + " has no HTTP bindings")
	}
	return h
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, path, known := h.match(r)
	switch {
	case found == nil && known:
		writeError(w, http.StatusMethodNotAllowed, codes.Unimplemented, r.Method+" is not allowed at "+r.URL.Path+".")
		return
	case found == nil:
		writeError(w, http.StatusNotFound, codes.NotFound, "There is no API at "+r.Method+" "+r.URL.Path+".")
		return
	}
	body, err := h.bodies.Read(w, r)
	if err != nil {
		writeError(w, httplimit.StatusOf(err), codes.InvalidArgument, err.Error())
		return
	}
	defer body.Release()
	text, err := h.serve(r, found, path, body.Bytes)
	if err != nil {
		httpStatus, text := MarshalError(err)
		write(w, httpStatus, text)
		return
	}
	write(w, http.StatusOK, text)
}

// match finds the route of a request and the fields in its path. Without one, known reports whether
// another method has a route at the path.
func (h *Handler) match(r *http.Request) (found *route, path map[string]string, known bool) {
	for i := range h.routes {
		fields, ok := h.routes[i].match(r.URL.EscapedPath())
		known = known || ok
		if ok && h.routes[i].method == r.Method {
			return &h.routes[i], fields, true
		}
	}
	return nil, nil, known
}

// serve calls the method and returns its response as JSON.
func (h *Handler) serve(r *http.Request, found *route, path map[string]string, body []byte) ([]byte, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "Invalid query parameters: "+err.Error())
	}
	response, err := found.call(h.service, r.Context(), func(m any) error {
		return Request{Query: query, Body: body, Path: path, BodyField: found.body}.Fill(m.(proto.Message))
	}, nil)
	if err != nil {
		return nil, err
	}
	m, ok := response.(proto.Message)
	if !ok {
		return nil, status.Errorf(codes.Internal, "The response is a %T.", response)
	}
	text, err := protojson.MarshalOptions{
		Multiline: query.Get("prettyPrint") == "true",
		// Google's Go clients ask for this, because they may not know all names.
		// Source: https://cloud.google.com/apis/docs/system-parameters
		UseEnumNumbers: strings.Contains(query.Get("$alt"), "enum-encoding=int"),
	}.Marshal(m)
	if err != nil {
		return nil, status.Error(codes.Internal, "Writing the response as JSON: "+Reason(err))
	}
	return text, nil
}

func writeError(w http.ResponseWriter, httpStatus int, c codes.Code, message string) {
	write(w, httpStatus, MarshalErrorAs(httpStatus, c, message))
}

func write(w http.ResponseWriter, httpStatus int, text []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "private")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(httpStatus)
	w.Write(append(text, '\n')) // ignore write errors: the client is gone
}
