// Package ownerconn opens gRPC connections to the local cloud that last as long as a test.
package ownerconn

import (
	"context"
	"testing"

	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Owner is the token that marks a trusted server: security rules do not apply to it.
const Owner = "owner"

// Dial connects to address with a bearer token, or without one when token is "". The connection is
// closed when the test ends.
func Dial(t testing.TB, address, token string, opts ...grpc.DialOption) option.ClientOption {
	t.Helper()
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(bearer(token)),
	}, opts...)
	conn, err := grpc.NewClient(address, opts...)
	if err != nil {
		t.Fatalf("connect to %s: %v", address, err)
	}
	t.Cleanup(func() { conn.Close() })
	return option.WithGRPCConn(conn)
}

// bearer sends itself as a bearer token with every call, and nothing when it is empty.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if b == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }
