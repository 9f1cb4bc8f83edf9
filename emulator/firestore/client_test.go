package firestore_test

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/emulator/clock"
	emulator "heek.kr/heektime/emulator/firestore"
)

// cloud is a server listening on a port of its own.
type cloud struct {
	*emulator.Server
	clock *clock.Clock
	addr  string
	conn  *grpc.ClientConn
}

// start starts a server.
func start(t testing.TB, change ...func(*emulator.Config)) *cloud {
	t.Helper()
	c := emulator.Config{Clock: clock.New()}
	for _, f := range change {
		f(&c)
	}
	s, err := emulator.New(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(emulator.ServerOptions()...)
	s.Register(g)
	go g.Serve(l)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		if err := s.Close(); err != nil && !errors.Is(err, syscall.EFBIG) { // of TestFullDisk
			t.Errorf("close: %v", err)
		}
		g.Stop()
	})
	return &cloud{Server: s, clock: c.Clock, addr: l.Addr().String(), conn: conn}
}

// client returns the official client for a project.
func (c *cloud) client(t testing.TB, project string) *firestore.Client {
	t.Helper()
	fs, err := firestore.NewClient(context.Background(), project, option.WithGRPCConn(c.conn))
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func unindexed(c *emulator.Config) { c.AllowUnindexed = true }

func inDir(dir string) func(*emulator.Config) {
	return func(c *emulator.Config) { c.DataDir = dir }
}
