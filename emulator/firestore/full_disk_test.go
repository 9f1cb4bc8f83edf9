//go:build linux

package firestore_test

import (
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/fulldisktest"
)

// TestFullDisk: when the disk is full, commits fail with UNAVAILABLE, and readers and listeners still see
// the last durable state. A restart makes the database writable again.
func TestFullDisk(t *testing.T) {
	if !fulldisktest.Alone(t) {
		return
	}
	dir := t.TempDir()
	c := start(t, inDir(dir))
	ctx := t.Context()
	fs := c.client(t, "demo-full")
	doc := fs.Doc("a/x")
	set := func(n int) error {
		_, err := pb.NewFirestoreClient(c.conn).Commit(ctx, &pb.CommitRequest{Database: "projects/demo-full/databases/(default)", Writes: []*pb.Write{{
			Operation: &pb.Write_Update{Update: &pb.Document{Name: "projects/demo-full/databases/(default)/documents/a/x",
				Fields: map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: int64(n)}}}}},
		}}})
		return err
	}
	if err := set(1); err != nil {
		t.Fatal(err)
	}
	before := doc.Snapshots(ctx)
	defer before.Stop()
	if d, err := before.Next(); err != nil || d.Data()["n"] != int64(1) {
		t.Fatal(d, err)
	}
	empty := fulldisktest.Fill(t)
	for range 3 {
		if err := set(2); status.Code(err) != codes.Unavailable {
			t.Errorf("a commit on a full disk: %v", err)
		}
	}
	if err := c.Reset(); status.Code(err) != codes.Unavailable && err == nil {
		t.Errorf("a reset on a full disk: %v", err)
	}
	read := func(when string) {
		t.Helper()
		if d, err := doc.Get(ctx); err != nil || d.Data()["n"] != int64(1) {
			t.Errorf("%s: get: %v, %v", when, d, err)
		}
		if ds, err := fs.Collection("a").Where("n", "==", 1).Documents(ctx).GetAll(); err != nil || len(ds) != 1 {
			t.Errorf("%s: query: %v, %v", when, ds, err)
		}
		in := doc.Snapshots(ctx)
		defer in.Stop()
		if d, err := in.Next(); err != nil || d.Data()["n"] != int64(1) {
			t.Errorf("%s: listen: %v, %v", when, d, err)
		}
	}
	read("while the disk is full")
	empty()
	read("when there is space again")
	if err := set(3); status.Code(err) != codes.Unavailable {
		t.Errorf("a commit before the restart: %v", err)
	}
	c.Close()
	c = start(t, inDir(dir))
	fs = c.client(t, "demo-full")
	doc = fs.Doc("a/x")
	read("after the restart")
	if err := set(4); err != nil {
		t.Errorf("a commit after the restart: %v", err)
	}
}
