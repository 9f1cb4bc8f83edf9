// Package billingtest is for tests of what work costs: it counts what a client's calls to Firestore are billed, on the wire.
//
// Billed is each document that a query, a list or a get returns, each get of a document that is not there, a query without
// results as one read, and each write and delete of a commit.
//
// Source: https://cloud.google.com/firestore/pricing
package billingtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
)

// Cost is what was billed.
type Cost struct{ Reads, Writes, Deletes int }

func (c Cost) String() string {
	return fmt.Sprintf("%d reads, %d writes, %d deletes", c.Reads, c.Writes, c.Deletes)
}

// Total is the number of operations.
func (c Cost) Total() int { return c.Reads + c.Writes + c.Deletes }

// Meter counts. It is safe for concurrent use.
type Meter struct {
	mu   sync.Mutex
	cost Cost
}

// Take gives what was counted, and begins again at nothing.
func (m *Meter) Take() Cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.cost
	m.cost = Cost{}
	return c
}

func (m *Meter) add(c Cost) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cost.Reads += c.Reads
	m.cost.Writes += c.Writes
	m.cost.Deletes += c.Deletes
}

// DialOptions put the meter into a gRPC client.
func (m *Meter) DialOptions() []grpc.DialOption {
	unary := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := invoke(ctx, method, req, reply, cc, opts...)
		if err == nil {
			m.count(req, reply)
		}
		return err
	}
	stream := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		s, err := open(ctx, desc, cc, method, opts...)
		if err != nil {
			return nil, err
		}
		return &counted{ClientStream: s, meter: m}, nil
	}
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(unary), grpc.WithChainStreamInterceptor(stream)}
}

func (m *Meter) count(req, reply any) {
	switch req := req.(type) {
	case *firestorepb.ListDocumentsRequest:
		m.add(Cost{Reads: max(1, len(reply.(*firestorepb.ListDocumentsResponse).Documents))})
	case *firestorepb.CommitRequest:
		var c Cost
		for _, w := range req.Writes {
			switch w.Operation.(type) {
			case *firestorepb.Write_Delete:
				c.Deletes++
			default:
				c.Writes++
			}
		}
		m.add(c)
	}
}

// counted is a stream of answers.
type counted struct {
	grpc.ClientStream
	meter *Meter
	found bool // a query has brought something
}

func (s *counted) RecvMsg(msg any) error {
	err := s.ClientStream.RecvMsg(msg)
	switch answer := msg.(type) {
	case *firestorepb.BatchGetDocumentsResponse:
		if err == nil && answer.Result != nil {
			s.meter.add(Cost{Reads: 1})
		}
	case *firestorepb.RunQueryResponse:
		switch {
		case err == nil && answer.Document != nil:
			s.found = true
			s.meter.add(Cost{Reads: 1})
		case errors.Is(err, io.EOF) && !s.found:
			s.meter.add(Cost{Reads: 1})
		}
	}
	return err
}
