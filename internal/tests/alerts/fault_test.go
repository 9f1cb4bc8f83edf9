package alerts_test

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
)

// breakable fails all calls of a Firestore client while broken is true.
func breakable(broken *atomic.Bool) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if broken.Load() {
			return errBroken
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	}
}

func breakableStream(broken *atomic.Bool) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		if broken.Load() {
			return nil, errBroken
		}
		return open(ctx, desc, cc, method, opts...)
	}
}
