package emulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/iam"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/muxserver"
	"heek.kr/heektime/emulator/internal/objects"
)

// EnvironmentAs returns the variables of [Cloud.Environment] with which a process calls as a service
// account. Clients of an emulator send no credentials that could tell accounts apart, so each account has
// a door of its own: one port that serves all APIs and the metadata server, on which every call counts
// as the account's. A call for which [Config.IAM] grants no role gets PERMISSION_DENIED.
//
// The port opens at the first call of EnvironmentAs for the account. It serves the protocols that
// Google's server libraries speak: gRPC for Firestore, Cloud Tasks and Cloud Scheduler, and REST for
// Cloud Storage, Authentication, Cloud Messaging and IAM's signBlob.
func (c *Cloud) EnvironmentAs(serviceAccount string) (map[string]string, error) {
	if c.IAM == nil {
		return nil, errors.New("emulator: Config.IAM is nil, so service accounts have no roles")
	}
	address, err := c.door(serviceAccount)
	if err != nil {
		return nil, fmt.Errorf("emulator: open the door of %s: %w", serviceAccount, err)
	}
	env := c.Environment()
	for _, name := range []string{
		"FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "FIREBASE_STORAGE_EMULATOR_HOST", "CLOUD_TASKS_EMULATOR_HOST",
		"FCM_EMULATOR_HOST", "GCE_METADATA_HOST",
	} {
		env[name] = address
	}
	env["STORAGE_EMULATOR_HOST"] = "http://" + address
	return env, nil
}

// Invokers does what Cloud Run's front end does for a service that is not public; see
// [iam.Policy.Invokers]. service is the service's resource name.
func (c *Cloud) Invokers(service string, next http.Handler, audiences ...string) http.Handler {
	return c.IAM.Invokers(service, c.Identity, next, audiences...)
}

// eventTokens are the tokens of triggers. Eventarc delivers an event only if the trigger's service
// account may receive events.
//
// Source: https://cloud.google.com/eventarc/docs/access-control
type eventTokens struct{ cloud *Cloud }

func (t eventTokens) IDToken(ctx context.Context, account, audience string) (string, error) {
	if t.cloud.IAM != nil {
		if err := t.cloud.IAM.Check(account, iam.Need{Permission: "eventarc.events.receiveEvent", Resource: t.cloud.IAM.Project()}); err != nil {
			return "", err
		}
	}
	return t.cloud.Identity.IDToken(ctx, account, audience)
}

// door returns the address of a service account's port.
func (c *Cloud) door(serviceAccount string) (address string, err error) {
	c.doorsMu.Lock()
	defer c.doorsMu.Unlock()
	if port := c.doors[serviceAccount]; port != nil {
		return port.Address(), nil
	}
	if c.doors == nil {
		return "", errors.New("the cloud is closed")
	}
	who, err := c.Identity.As(serviceAccount)
	if err != nil {
		return "", err
	}
	d := &door{cloud: c, account: serviceAccount, service: c.serviceOf(serviceAccount)}
	calls := grpc.NewServer(append(firestore.ServerOptions(), grpc.UnaryInterceptor(d.unary), grpc.StreamInterceptor(d.stream))...)
	c.Firestore.Register(calls)
	c.Tasks.Register(calls)
	c.Scheduler.Register(calls)
	port, err := muxserver.Open("the door of "+serviceAccount, orFree(""), calls, c.pages.Guard(d.handler(who)))
	if err != nil {
		return "", err
	}
	c.doors[serviceAccount] = port
	return port.Address(), nil
}

// takeDoors returns all doors, and lets no other open.
func (c *Cloud) takeDoors() []*muxserver.Server {
	c.doorsMu.Lock()
	defer c.doorsMu.Unlock()
	doors := slices.Collect(maps.Values(c.doors))
	c.doors = nil
	return doors
}

// door is where a service account calls.
type door struct {
	cloud   *Cloud
	account string
	service string // for the bill
}

// serviceOf returns the name of the service that has a service account.
func (c *Cloud) serviceOf(account string) string {
	name, _, _ := strings.Cut(account, "@")
	return cmp.Or(c.accountServices[account], name)
}

// missing is the text of an API's PERMISSION_DENIED, followed by what a developer has to do.
func missing(text string, denied *iam.DeniedError) string {
	return text + " [local cloud: " + denied.Remedy() + "]"
}

// authorize checks a gRPC call. Firestore's security rules, not IAM, decide about calls with a user's ID
// token. All others count as an owner's: the rules do not apply to them.
func (d *door) authorize(ctx context.Context, method string, request any) error {
	if isUser(ctx) {
		return nil
	}
	needs, ok := d.cloud.IAM.RPC(method, request)
	if !ok {
		return status.Errorf(codes.Unimplemented, "The local cloud does not know which permission %s needs.", method)
	}
	var denied *iam.DeniedError
	switch err := d.cloud.IAM.Check(d.account, needs...); {
	case errors.As(err, &denied) && strings.HasPrefix(method, "/google.firestore."):
		return status.Error(codes.PermissionDenied, missing("Missing or insufficient permissions.", denied))
	case err != nil:
		return status.Error(codes.PermissionDenied, err.Error())
	}
	return nil
}

// isUser reports whether a call carries a user's ID token, a JWT.
func isUser(ctx context.Context) bool {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	return len(values) == 1 && strings.Count(values[0], ".") == 2 && !strings.HasPrefix(values[0], "Bearer ya29.")
}

// asOwner makes a call exempt from Firestore's security rules, unless it is a user's.
func asOwner(ctx context.Context) context.Context {
	if isUser(ctx) {
		return ctx
	}
	md, _ := metadata.FromIncomingContext(ctx)
	md = md.Copy()
	md.Set("authorization", "Bearer owner")
	return metadata.NewIncomingContext(ctx, md)
}

// context returns the context in which a call is handled: the owner's, and billed to the service.
func (d *door) context(ctx context.Context) context.Context {
	return billing.WithService(asOwner(ctx), d.service)
}

func (d *door) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if err := d.authorize(ctx, info.FullMethod, request); err != nil {
		return nil, err
	}
	return handle(d.context(ctx), request)
}

func (d *door) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return handle(server, &authorizedStream{ServerStream: stream, ctx: d.context(stream.Context()), door: d, method: info.FullMethod})
}

// authorizedStream checks each message that the client sends.
type authorizedStream struct {
	grpc.ServerStream
	ctx    context.Context
	door   *door
	method string
}

func (s *authorizedStream) Context() context.Context { return s.ctx }

func (s *authorizedStream) RecvMsg(message any) error {
	if err := s.ServerStream.RecvMsg(message); err != nil {
		return err
	}
	return s.door.authorize(s.ServerStream.Context(), s.method, message)
}

// handler serves everything that is not gRPC. who is the account's identity.
func (d *door) handler(who *identity.Identity) http.Handler {
	own := who.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if path == "/" || path == identity.CertsPath || strings.HasPrefix(path, "/computeMetadata/") {
			own.ServeHTTP(w, r)
			return
		}
		needs, ok := d.cloud.IAM.HTTP(r, d.objectExists)
		if !ok {
			writeError(w, http.StatusNotImplemented, "UNIMPLEMENTED", "The local cloud serves service accounts nothing at "+r.Method+" "+path+".")
			return
		}
		var denied *iam.DeniedError
		if errors.As(d.cloud.IAM.Check(d.account, needs...), &denied) {
			writeError(w, http.StatusForbidden, "PERMISSION_DENIED", missing(deniedText(denied), denied))
			return
		}
		d.serve(w, r)
	})
}

func (d *door) serve(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(billing.WithService(r.Context(), d.service))
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/identitytoolkit.googleapis.com/"), strings.HasPrefix(path, "/securetoken.googleapis.com/"):
		d.cloud.Auth.ServeHTTP(w, r)
	case iam.IsMessaging(path):
		d.cloud.Messaging.ServeHTTP(w, r)
	case strings.HasSuffix(path, ":signBlob"):
		d.cloud.Identity.SignBlobHandler().ServeHTTP(w, r)
	default:
		d.cloud.Storage.ServeHTTP(w, r)
	}
}

// deniedText returns the text of the API that a permission belongs to.
func deniedText(e *iam.DeniedError) string {
	switch {
	case strings.HasPrefix(e.Permission, "storage."):
		return fmt.Sprintf("%s does not have %s access to the Google Cloud Storage object. Permission '%s' denied on resource "+
			"(or it may not exist).", e.Account, e.Permission, e.Permission)
	case strings.HasPrefix(e.Permission, "iam."):
		return fmt.Sprintf("Permission '%s' denied on resource (or it may not exist).", e.Permission)
	}
	return "The caller does not have permission"
}

// objectExists asks Storage whether there is an object.
func (d *door) objectExists(bucket, object string) bool {
	_, err := d.cloud.Storage.Objects().Get(objects.Ref{Bucket: bucket, Name: object}, objects.Conditions{})
	return err == nil
}

func writeError(w http.ResponseWriter, code int, name, message string) {
	httpjson.WriteError(w, httpjson.Error{Code: code, Status: name, Message: message})
}
