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

// Meter counts what one Firestore client is billed, from the messages on its connection. What the whole cloud
// is billed, by all clients and services, is in [heek.kr/heektime/emulator.Cloud.Meter].
//
//	var meter emulatortest.Meter
//	client := cloud.FirestoreClient(t, meter.DialOptions()...)
//	…
//	if cost := meter.Take(); cost.Reads > 3 { … }
//
// It counts as a read each document that a get, a list, a query or a listener returns, each that a query
// skips by its offset, each get of a document that does not exist, each document that leaves the results of
// a listener because it changed, each query, list or new listener without results, and each page of
// collection IDs; and each write and delete that was committed.
//
// It does not see what only the server knows: the reads of security rules, and index entries. An aggregation
// query counts as one read here. A listener that was away for more than 30 minutes is billed for its whole
// query; here it counts what it receives. A document that leaves a listener's limit, because others take its
// place, counts as one that changed.
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

func (m *Meter) read(n int) { m.add(Cost{Reads: n}) }

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
	case *firestorepb.GetDocumentRequest, *firestorepb.ListCollectionIdsRequest, *firestorepb.PartitionQueryRequest:
		m.read(1)
	case *firestorepb.ListDocumentsRequest:
		m.read(max(1, len(reply.(*firestorepb.ListDocumentsResponse).Documents)))
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
	switch w.Operation.(type) {
	case *firestorepb.Write_Delete:
		return Cost{Deletes: 1}
	case nil: // a verify, which the Go package does not know
		return Cost{Reads: 1}
	}
	return Cost{Writes: 1}
}

// meteredStream counts the responses of a stream.
type meteredStream struct {
	grpc.ClientStream
	meter *Meter
	found bool // the query returned or skipped something

	mu      sync.Mutex
	targets map[int32]*meteredTarget // of a Listen stream
}

func (s *meteredStream) SendMsg(msg any) error {
	if r, ok := msg.(*firestorepb.ListenRequest); ok {
		s.listen(r)
	}
	return s.ClientStream.SendMsg(msg)
}

func (s *meteredStream) RecvMsg(msg any) error {
	err := s.ClientStream.RecvMsg(msg)
	switch response := msg.(type) {
	case *firestorepb.BatchGetDocumentsResponse:
		if err == nil && response.Result != nil {
			s.meter.read(1)
		}
	case *firestorepb.RunQueryResponse:
		switch {
		case err == nil:
			n := int(response.SkippedResults)
			if response.Document != nil {
				n++
			}
			s.found = s.found || n > 0
			s.meter.read(n)
		case errors.Is(err, io.EOF) && !s.found:
			s.meter.read(1)
		}
	case *firestorepb.RunAggregationQueryResponse:
		if err == nil && response.Result != nil {
			s.meter.read(1)
		}
	case *firestorepb.ListenResponse:
		if err == nil {
			s.heard(response)
		}
	}
	return err
}
