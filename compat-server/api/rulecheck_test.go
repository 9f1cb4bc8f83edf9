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

// ruleChecker intercepts the server's writes to users' documents and sends them to Firestore as
// their owner, so that the security rules evaluate them. If the rules deny a write, the server gets
// the error and the test fails.
type ruleChecker struct {
	fixture *fixture

	mu      sync.Mutex
	checked int      // writes
	denied  []string // error messages
}

// reportDenied fails the test if the rules denied a write.
func (c *ruleChecker) reportDenied(t testing.TB) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range c.denied {
		t.Error(text)
	}
}

func (c *ruleChecker) dialOption(t testing.TB) grpc.DialOption {
	t.Helper()
	// A connection without a service account's credentials.
	asClient, err := grpc.NewClient(c.fixture.FirestoreAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { asClient.Close() })
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		commit, ok := req.(*firestorepb.CommitRequest)
		uid := ""
		if ok {
			uid = owner(commit.Writes)
		}
		if uid == "" {
			return invoke(ctx, method, req, reply, conn, opts...)
		}
		c.mu.Lock()
		c.checked += len(commit.Writes)
		c.mu.Unlock()
		token, err := c.fixture.IDToken(uid, nil)
		if err != nil {
			return err
		}
		err = asClient.Invoke(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), method, req, reply, opts...)
		if status.Code(err) == codes.PermissionDenied {
			c.mu.Lock()
			c.denied = append(c.denied, fmt.Sprintf("the rules deny user %s to write %v: %v", uid, commit.Writes, err))
			c.mu.Unlock()
		}
		return err
	})
}

// owner returns the user whose documents are written, or "" if they belong to the server.
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
