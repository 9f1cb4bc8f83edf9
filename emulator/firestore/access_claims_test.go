package firestore_test

import (
	"context"
	"os"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	local "heek.kr/heektime/emulator"
)

// TestTimetableRules goes through the life of a user under the rules of the timetable example.
func TestTimetableRules(t *testing.T) {
	ctx := context.Background()
	text, err := os.ReadFile("../rules/testdata/timetable.rules")
	if err != nil {
		t.Fatal(err)
	}
	c := local.Start(t, func(c *local.Config) { c.Rules = text; c.AllowUnindexed = true })
	owner, ann, bob, nobody := c.FirestoreClient(t), c.FirestoreClientAs(t, "ann", nil), c.FirestoreClientAs(t, "bob", nil), c.FirestoreClientSignedOut(t)
	claim := func(fs *firestore.Client, uid, name string) error {
		return fs.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			index := fs.Doc("indices/user/usernames/" + name)
			if _, err := tx.Get(index); err != nil && status.Code(err) != codes.NotFound {
				return err
			}
			if err := tx.Set(fs.Doc("users/"+uid), map[string]any{"username": name, "createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp}); err != nil {
				return err
			}
			return tx.Set(index, map[string]any{"value": uid})
		})
	}
	want := func(what string, err error, code codes.Code) {
		t.Helper()
		if status.Code(err) != code {
			t.Errorf("%s: got %v, want %v", what, err, code)
		}
	}
	_, err = owner.Doc("schools/korea/semesters/2022-0900").Set(ctx, map[string]any{"status": "normal"})
	want("owner writes a semester", err, codes.OK)
	_, err = ann.Doc("schools/korea/semesters/2022-0900").Set(ctx, map[string]any{"status": "normal"})
	want("ann writes a semester", err, codes.PermissionDenied)
	want("ann claims", claim(ann, "ann", "annie"), codes.OK)
	want("bob claims ann's", claim(bob, "bob", "annie"), codes.PermissionDenied)
	want("bob claims", claim(bob, "bob", "bobby"), codes.OK)
	want("nobody claims", claim(nobody, "bob", "robert"), codes.PermissionDenied)
	_, err = ann.Doc("users/ann/timetables/t1").Set(ctx, map[string]any{
		"title": "one", "semester": ann.Doc("schools/korea/semesters/2022-0900"), "visibility": "private",
		"createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp,
	})
	want("ann makes a timetable", err, codes.OK)
	_, err = ann.Doc("users/ann/timetables/t1").Get(ctx)
	want("ann gets it", err, codes.OK)
	_, err = bob.Doc("users/ann/timetables/t1").Get(ctx)
	want("bob gets it", err, codes.PermissionDenied)
	_, err = bob.Doc("users/ann/timetables/t2").Get(ctx)
	want("bob gets what is not there", err, codes.NotFound)
	_, err = bob.Collection("users/ann/timetables").Limit(20).Documents(ctx).GetAll()
	want("bob lists ann's", err, codes.PermissionDenied)
	_, err = bob.Collection("users/ann/timetables").Where("visibility", "==", "public").Limit(20).Documents(ctx).GetAll()
	want("bob lists ann's public ones", err, codes.OK)
	_, err = owner.Collection("users/ann/timetables").Documents(ctx).GetAll()
	want("owner lists all", err, codes.OK)
	for _, j := range c.Firestore.Judgements(c.Project) {
		if j.Refusal != nil {
			t.Log(j.Time, j.UID, j.Refusal)
		}
	}
}
