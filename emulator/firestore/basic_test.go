package firestore_test

import (
	"context"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestSetGetQueryTransaction(t *testing.T) {
	ctx := context.Background()
	fs := start(t, unindexed).client(t, "demo-a")
	doc := fs.Doc("users/u1")
	if _, err := doc.Get(ctx); status.Code(err) != codes.NotFound {
		t.Fatalf("get a missing document: %v", err)
	}
	if _, err := doc.Create(ctx, map[string]any{"name": "Kim", "n": 1, "at": firestore.ServerTimestamp}); err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Create(ctx, map[string]any{}); status.Code(err) != codes.AlreadyExists {
		t.Fatalf("second create: %v", err)
	}
	if _, err := fs.Doc("users/u2").Update(ctx, []firestore.Update{{Path: "x", Value: 1}}); status.Code(err) != codes.NotFound {
		t.Fatalf("update a missing document: %v", err)
	}
	for i := range 10 {
		err := fs.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) error {
			s, err := tx.Get(doc)
			if err != nil {
				return err
			}
			n, err := s.DataAt("n")
			if err != nil {
				return err
			}
			return tx.Update(doc, []firestore.Update{{Path: "n", Value: n.(int64) + 1}})
		})
		if err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
	}
	got, err := fs.Collection("users").Where("name", "==", "Kim").Where("n", ">", 5).OrderBy("n", firestore.Desc).Documents(ctx).GetAll()
	if err != nil || len(got) != 1 || got[0].Data()["n"] != int64(11) {
		t.Fatalf("query: %v %v", got, err)
	}
}
