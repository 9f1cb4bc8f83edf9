package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// meter stands between a server and Firestore. It counts what Google would bill, and it lets security rules judge every write
// to a document of clients, as if its owner had sent it: a refusal is the server's error, and a failed test.
type meter struct {
	world *world

	mu      sync.Mutex
	bill    bill
	judged  int // writes
	refused []string
}

// tell fails the test when the rules refused a write.
func (m *meter) tell(t testing.TB) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range m.refused {
		t.Error(text)
	}
}

// bill is what calls cost.
type bill struct{ reads, writes, deletes int }

// billed runs f and says what it cost.
func (m *meter) billed(f func()) bill {
	m.mu.Lock()
	before := m.bill
	m.mu.Unlock()
	f()
	m.mu.Lock()
	defer m.mu.Unlock()
	return bill{m.bill.reads - before.reads, m.bill.writes - before.writes, m.bill.deletes - before.deletes}
}

func (m *meter) add(b bill) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bill.reads += b.reads
	m.bill.writes += b.writes
	m.bill.deletes += b.deletes
}

func (m *meter) dialOptions(t testing.TB) []grpc.DialOption {
	t.Helper()
	// A connection without the rights of a server.
	asClient, err := grpc.NewClient(m.world.FirestoreAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { asClient.Close() })
	unary := func(ctx context.Context, method string, req, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		commit, ok := req.(*firestorepb.CommitRequest)
		if !ok {
			return invoke(ctx, method, req, answer, conn, opts...)
		}
		m.add(ofWrites(commit.Writes))
		uid := owner(commit.Writes)
		if uid == "" {
			return invoke(ctx, method, req, answer, conn, opts...)
		}
		m.mu.Lock()
		m.judged += len(commit.Writes)
		m.mu.Unlock()
		token, err := m.world.IDToken(uid, nil)
		if err != nil {
			return err
		}
		err = asClient.Invoke(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), method, req, answer, opts...)
		if status.Code(err) == codes.PermissionDenied {
			m.mu.Lock()
			m.refused = append(m.refused, fmt.Sprintf("%s may not write %v: %v", uid, commit.Writes, err))
			m.mu.Unlock()
		}
		return err
	}
	stream := func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		s, err := open(ctx, desc, conn, method, opts...)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(method, "/RunQuery") {
			m.add(bill{reads: 1}) // a query without results bills one
		}
		return &countingStream{ClientStream: s, meter: m}, nil
	}
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(unary), grpc.WithChainStreamInterceptor(stream)}
}

// owner is the user whose documents are written, "" when they are a server's.
func owner(writes []*firestorepb.Write) string {
	for _, w := range writes {
		name := w.GetDelete()
		if w.GetUpdate() != nil {
			name = w.GetUpdate().Name
		}
		_, path, _ := strings.Cut(name, "/documents/")
		if parts := strings.Split(path, "/"); parts[0] == "users" {
			return parts[1]
		}
	}
	return ""
}

func ofWrites(writes []*firestorepb.Write) (b bill) {
	for _, w := range writes {
		if w.GetDelete() != "" {
			b.deletes++
		} else {
			b.writes++
		}
	}
	return b
}

// countingStream counts the documents of an answer.
type countingStream struct {
	grpc.ClientStream
	meter *meter
	docs  int
}

func (s *countingStream) RecvMsg(message any) error {
	if err := s.ClientStream.RecvMsg(message); err != nil {
		return err
	}
	switch answer := message.(type) {
	case *firestorepb.BatchGetDocumentsResponse:
		if answer.GetFound() != nil || answer.GetMissing() != "" {
			s.meter.add(bill{reads: 1})
		}
	case *firestorepb.RunQueryResponse:
		if answer.GetDocument() != nil {
			if s.docs++; s.docs > 1 {
				s.meter.add(bill{reads: 1})
			}
		}
	}
	return nil
}
