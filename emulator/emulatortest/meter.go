package emulatortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
)

// Cost is a number of operations that Firestore bills.
type Cost struct{ Reads, Writes, Deletes int }

func (c Cost) String() string {
	return fmt.Sprintf("%d reads, %d writes, %d deletes", c.Reads, c.Writes, c.Deletes)
}

// Total returns the number of operations.
func (c Cost) Total() int { return c.Reads + c.Writes + c.Deletes }

// Meter counts what a Firestore client is billed, from the messages on its connection.
//
//	var meter emulatortest.Meter
//	client := cloud.FirestoreClient(t, meter.DialOptions()...)
//	…
//	if cost := meter.Take(); cost.Reads > 3 { … }
//
// It counts as a read each document that a get, a list, a query or a listener returns, each get of a
// document that does not exist, and each query or list without results; and each write and delete
// that was committed.
//
// It does not see the reads of security rules, which the server counts: see
// [heek.kr/heektime/emulator/firestore.Server.RulesReads]. An aggregation query counts as one read,
// although Firestore bills one for each 1,000 index entries. Documents that a query skips by its
// offset are not counted, although Firestore bills them.
//
// Source: https://firebase.google.com/docs/firestore/pricing
//
// A Meter is safe for concurrent use, and may be shared by several clients.
type Meter struct {
	mu   sync.Mutex
	cost Cost
}

// Take returns what was counted since the last call.
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

// DialOptions connects the meter to a client: pass them to [Cloud.FirestoreClient] or its siblings.
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
		return &meteredStream{ClientStream: s, meter: m}, nil
	}
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(unary), grpc.WithChainStreamInterceptor(stream)}
}

// count counts a call with one request and one response.
func (m *Meter) count(req, reply any) {
	switch req := req.(type) {
	case *firestorepb.GetDocumentRequest:
		m.add(Cost{Reads: 1})
	case *firestorepb.ListDocumentsRequest:
		m.add(Cost{Reads: max(1, len(reply.(*firestorepb.ListDocumentsResponse).Documents))})
	case *firestorepb.CommitRequest:
		for _, w := range req.Writes {
			m.add(costOf(w))
		}
	case *firestorepb.BatchWriteRequest:
		for i, status := range reply.(*firestorepb.BatchWriteResponse).Status {
			if status.GetCode() == 0 && i < len(req.Writes) {
				m.add(costOf(req.Writes[i]))
			}
		}
	}
}

func costOf(w *firestorepb.Write) Cost {
	if _, ok := w.Operation.(*firestorepb.Write_Delete); ok {
		return Cost{Deletes: 1}
	}
	return Cost{Writes: 1}
}

// meteredStream counts the responses of a stream.
type meteredStream struct {
	grpc.ClientStream
	meter *Meter
	found bool // the query returned something
}

func (s *meteredStream) RecvMsg(msg any) error {
	err := s.ClientStream.RecvMsg(msg)
	switch response := msg.(type) {
	case *firestorepb.BatchGetDocumentsResponse:
		if err == nil && response.Result != nil {
			s.meter.add(Cost{Reads: 1})
		}
	case *firestorepb.RunQueryResponse:
		switch {
		case err == nil && response.Document != nil:
			s.found = true
			s.meter.add(Cost{Reads: 1})
		case errors.Is(err, io.EOF) && !s.found:
			s.meter.add(Cost{Reads: 1})
		}
	case *firestorepb.RunAggregationQueryResponse:
		if err == nil && response.Result != nil {
			s.meter.add(Cost{Reads: 1})
		}
	case *firestorepb.ListenResponse:
		if err == nil && response.GetDocumentChange() != nil {
			s.meter.add(Cost{Reads: 1})
		}
	}
	return err
}
