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

// judge stands between a server and Firestore, and lets security rules judge every write to a document of clients, as if its
// owner had sent it: a refusal is the server's error, and a failed test.
type judge struct {
	world *world

	mu      sync.Mutex
	judged  int // writes
	refused []string
}

// tell fails the test when the rules refused a write.
func (j *judge) tell(t testing.TB) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, text := range j.refused {
		t.Error(text)
	}
}

func (j *judge) dialOption(t testing.TB) grpc.DialOption {
	t.Helper()
	// A connection without the rights of a server.
	asClient, err := grpc.NewClient(j.world.FirestoreAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { asClient.Close() })
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		commit, ok := req.(*firestorepb.CommitRequest)
		uid := ""
		if ok {
			uid = owner(commit.Writes)
		}
		if uid == "" {
			return invoke(ctx, method, req, answer, conn, opts...)
		}
		j.mu.Lock()
		j.judged += len(commit.Writes)
		j.mu.Unlock()
		token, err := j.world.IDToken(uid, nil)
		if err != nil {
			return err
		}
		err = asClient.Invoke(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), method, req, answer, opts...)
		if status.Code(err) == codes.PermissionDenied {
			j.mu.Lock()
			j.refused = append(j.refused, fmt.Sprintf("%s may not write %v: %v", uid, commit.Writes, err))
			j.mu.Unlock()
		}
		return err
	})
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
