package emulatortest_test

import (
	"context"
	"errors"
	"io"
	"sync"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/emulatortest"
)

// clientMeter counts what one Firestore client is billed, from the messages on its connection: the
// independent count that [TestMeterAgreesWithClients] compares the cloud's meter with.
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
type clientMeter struct {
	mu   sync.Mutex
	cost emulatortest.Cost
}

// take returns what was counted since the last call.
func (m *clientMeter) take() emulatortest.Cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.cost
	m.cost = emulatortest.Cost{}
	return c
}

func (m *clientMeter) add(c emulatortest.Cost) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cost.Reads += c.Reads
	m.cost.Writes += c.Writes
	m.cost.Deletes += c.Deletes
}

func (m *clientMeter) read(n int) { m.add(emulatortest.Cost{Reads: n}) }

// dialOptions connects the meter to a client.
func (m *clientMeter) dialOptions() []grpc.DialOption {
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
		return m.watch(s), nil
	}
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(unary), grpc.WithChainStreamInterceptor(stream)}
}

// watch returns the stream with its responses counted.
func (m *clientMeter) watch(s grpc.ClientStream) grpc.ClientStream {
	return &meteredStream{ClientStream: s, meter: m}
}

// count counts a call with one request and one response.
func (m *clientMeter) count(req, reply any) {
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

func costOf(w *firestorepb.Write) emulatortest.Cost {
	switch w.Operation.(type) {
	case *firestorepb.Write_Delete:
		return emulatortest.Cost{Deletes: 1}
	case nil: // a verify, which the Go package does not know
		return emulatortest.Cost{Reads: 1}
	}
	return emulatortest.Cost{Writes: 1}
}

// meteredStream counts the responses of a stream.
type meteredStream struct {
	grpc.ClientStream
	meter *clientMeter
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
