package rest

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/service"
)

// call is a method of the service with its types erased.
type call struct {
	request func() proto.Message // nil when it is not implemented
	streams bool                 // it returns any number of messages
	do      func(ctx context.Context, s *service.Service, who guard.Caller, request proto.Message, send func(proto.Message) error) error
}

// message is the pointer type of a generated message.
type message[T any] interface {
	*T
	proto.Message
}

// unary is a method that returns one message.
func unary[Q any, P message[Q], A proto.Message](f func(*service.Service, context.Context, guard.Caller, P) (A, error)) call {
	return call{
		request: func() proto.Message { return P(new(Q)) },
		do: func(ctx context.Context, s *service.Service, who guard.Caller, request proto.Message, send func(proto.Message) error) error {
			response, err := f(s, ctx, who, request.(P))
			if err != nil {
				return err
			}
			return send(response)
		},
	}
}

// stream is a method that streams messages to the client.
func stream[Q any, P message[Q], A proto.Message](f func(*service.Service, context.Context, guard.Caller, P, func(A) error) error) call {
	return call{
		request: func() proto.Message { return P(new(Q)) },
		streams: true,
		do: func(ctx context.Context, s *service.Service, who guard.Caller, request proto.Message, send func(proto.Message) error) error {
			return f(s, ctx, who, request.(P), func(a A) error { return send(a) })
		},
	}
}

// unimplemented is a method that always fails with UNIMPLEMENTED and the reason.
func unimplemented(reason string) call {
	return call{
		do: func(context.Context, *service.Service, guard.Caller, proto.Message, func(proto.Message) error) error {
			return status.Error(codes.Unimplemented, reason)
		},
	}
}
