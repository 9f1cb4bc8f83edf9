package billing

import "context"

// ActionHeader is the HTTP header in which a client names what it is doing, such as "open the app". In
// gRPC it is a key of the metadata, in lower case. The name becomes the [Cause]'s action, in place of
// the RPC.
const ActionHeader = "X-Billing-Action"

// The services of callers that are no service accounts.
const (
	// Client is a browser, an app or anything else outside of Google's network.
	Client = "client"
	// Server is a server whose service account is not known.
	Server = "server"
)

type serviceKey struct{}

// WithService returns a context in which a call counts as the service's. The responses to a service stay
// within a region, where data transfer is free.
func WithService(ctx context.Context, service string) context.Context {
	return context.WithValue(ctx, serviceKey{}, service)
}

// ServiceOf returns the service of a context, "" if there is none.
func ServiceOf(ctx context.Context) string {
	service, _ := ctx.Value(serviceKey{}).(string)
	return service
}
