package documentwriter_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/schema"
)

func claim(t *testing.T, fs *firestore.Client) *documentwriter.Writer {
	t.Helper()
	w, _, err := documentwriter.Claim(t.Context(), fs, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func exists(t *testing.T, ref *firestore.DocumentRef) bool {
	t.Helper()
	_, err := ref.Get(t.Context())
	if err != nil && status.Code(err) != codes.NotFound {
		t.Fatal(err)
	}
	return err == nil
}

func lectures(fs *firestore.Client, n int) (writes []documentwriter.Write) {
	for i := range n {
		ref := fs.Doc(fmt.Sprintf("users/u/timetables/t/lectures/l%d", i))
		writes = append(writes, documentwriter.Write{Ref: ref, Fields: map[string]any{"title": fmt.Sprint(i)}})
	}
	return writes
}

func TestCommit(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	w := claim(t, fs)
	writes := lectures(fs, 450)
	for range 2 {
		if err := w.Commit(t.Context(), writes); err != nil {
			t.Fatal(err)
		}
	}
	existing := writes[0]
	existing.CreateOnly, existing.Fields = true, map[string]any{"title": "replaced"}
	created := documentwriter.Write{Ref: fs.Doc("schools/s"), Fields: map[string]any{"name": "s"}, CreateOnly: true}
	if err := w.Commit(t.Context(), []documentwriter.Write{existing, created, {Ref: writes[1].Ref}, {Ref: fs.Doc("schools/absent")}}); err != nil {
		t.Fatal(err)
	}
	docs, err := fs.CollectionGroup("lectures").Documents(t.Context()).GetAll()
	if err != nil || len(docs) != 449 {
		t.Errorf("%d lectures, %v, want 449", len(docs), err)
	}
	if doc, err := existing.Ref.Get(t.Context()); err != nil || doc.Data()["title"] != "0" {
		t.Errorf("a document that is only created was replaced: %v, %v", doc.Data(), err)
	}
	if !exists(t, created.Ref) {
		t.Error("a document that is only created does not exist")
	}
}

// A process that has been replaced writes nothing more, whatever it still tries.
func TestReplacedWriter(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	first := claim(t, fs)
	if err := first.Advance(t.Context(), schema.MigrationPosition{LSN: "0/1"}); err != nil {
		t.Fatal(err)
	}
	second, position, err := documentwriter.Claim(t.Context(), fs, slog.New(slog.DiscardHandler))
	if err != nil || position.LSN != "0/1" {
		t.Fatalf("claimed position %+v, %v", position, err)
	}
	writes := lectures(fs, 300)
	user := documentwriter.UserChange{UID: "u", Documents: documents(fs, "u", "name")}
	_, usersErr := first.WriteUsers(t.Context(), []documentwriter.UserChange{user}, func(string) bool { return true })
	for doing, err := range map[string]error{
		"documents": first.Commit(t.Context(), writes),
		"position":  first.Advance(t.Context(), schema.MigrationPosition{LSN: "0/2"}),
		"copy":      first.SaveCopy(t.Context(), schema.MigrationCopy{}, &schema.MigrationPosition{}),
		"users":     usersErr,
	} {
		if !errors.Is(err, documentwriter.ErrReplaced) {
			t.Errorf("%s: %v, want %v", doing, err, documentwriter.ErrReplaced)
		}
	}
	for _, ref := range []*firestore.DocumentRef{writes[0].Ref, user.Documents.User.Ref, schema.MigrationCopyRef(fs)} {
		if exists(t, ref) {
			t.Errorf("%s was written", schema.Path(ref))
		}
	}
	if err := second.Commit(t.Context(), writes); err != nil {
		t.Error(err)
	}
}

// The error for a document that Firestore rejects names it, and the others are written.
func TestRejectedDocument(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	w := claim(t, fs)
	writes := lectures(fs, 5)
	writes[3].Fields = map[string]any{"title": strings.Repeat("x", 2<<20)} // more than a document may have
	err := w.Commit(t.Context(), writes)
	if err == nil || !strings.Contains(err.Error(), "lectures/l3") {
		t.Errorf("error %.200v, want one that names lecture l3", err)
	}
	if !exists(t, writes[2].Ref) {
		t.Error("the document before it was not written")
	}
}

func documents(fs *firestore.Client, uid, name string) *conversion.UserDocuments {
	address := name + "@user.heektime.heek.kr"
	return &conversion.UserDocuments{
		User:       &conversion.Document{Ref: schema.UserRef(fs, uid), Fields: map[string]any{"username": name}},
		Username:   &conversion.Document{Ref: schema.UsernameRef(fs, name), Fields: schema.NewUsername(uid)},
		Credential: &conversion.Document{Ref: credential.Ref(fs, address), Fields: map[string]any{"email": address, "uid": uid, "hash": "h-" + uid}},
	}
}

func named(name string) conversion.Name {
	return conversion.Name{Username: name, Address: name + "@user.heektime.heek.kr"}
}

// owners returns who has which username and which credential.
func owners(t *testing.T, fs *firestore.Client) string {
	t.Helper()
	var all []string
	for _, query := range []firestore.Query{schema.Usernames(fs).Query, schema.Credentials(fs).Query} {
		for doc, err := range documentwriter.Documents(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			if stored, err := credential.Read(doc); err == nil {
				all = append(all, stored.Email[:1]+":"+stored.Hash)
			} else {
				all = append(all, doc.Ref.ID+"="+schema.UIDOf(doc))
			}
		}
	}
	return strings.Join(all, " ")
}

// Users take, give up and exchange names, in one transaction or in several.
func TestWriteUsers(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	w := claim(t, fs)
	change := func(uid, name string, former ...string) documentwriter.UserChange {
		c := documentwriter.UserChange{UID: uid}
		if name != "" {
			c.Documents = documents(fs, uid, name)
		}
		for _, f := range former {
			c.Former = append(c.Former, named(f))
		}
		return c
	}
	for _, c := range []struct {
		step    string
		changes []documentwriter.UserChange
		want    string
	}{
		{"new", []documentwriter.UserChange{change("1", "a"), change("2", "b")}, "a=1 b=2 a:h-1 b:h-2"},
		{"the same again", []documentwriter.UserChange{change("1", "a"), change("2", "b", "b")}, "a=1 b=2 a:h-1 b:h-2"},
		{"exchange", []documentwriter.UserChange{change("1", "b", "a"), change("2", "a", "b")}, "a=2 b=1 a:h-2 b:h-1"},
		{"one takes, later the other gives up", []documentwriter.UserChange{change("1", "a", "b")}, "a=1 a:h-1"},
		{"", []documentwriter.UserChange{change("2", "c", "a")}, "a=1 c=2 a:h-1 c:h-2"},
		{"gone", []documentwriter.UserChange{change("1", "", "a")}, "c=2 c:h-2"},
		{"gone again", []documentwriter.UserChange{change("1", "", "a", "c")}, "c=2 c:h-2"},
	} {
		written, err := w.WriteUsers(t.Context(), c.changes, func(string) bool { return true })
		if err != nil || len(written.Taken) > 0 {
			t.Fatalf("%s: %+v, %v", c.step, written, err)
		}
		if got := owners(t, fs); sorted(got) != sorted(c.want) {
			t.Errorf("%s: %s, want %s", c.step, got, c.want)
		}
	}
	if exists(t, schema.UserRef(fs, "1")) || !exists(t, schema.UserRef(fs, "2")) {
		t.Error("user 1 exists, or user 2 does not")
	}
}

func sorted(text string) string {
	words := strings.Fields(text)
	for i := range words {
		for j := i; j > 0 && words[j] < words[j-1]; j-- {
			words[j], words[j-1] = words[j-1], words[j]
		}
	}
	return strings.Join(words, " ")
}

// A name that an account of the new side has stays theirs, and an account that is being purged is left alone.
func TestWriteUsersLeavesAlone(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	w := claim(t, fs)
	if _, err := schema.UsernameRef(fs, "a").Set(t.Context(), schema.NewUsername("born on the new side")); err != nil {
		t.Fatal(err)
	}
	if _, err := schema.DeletionRef(fs, "3").Set(t.Context(), schema.PendingDeletion{Purging: true}); err != nil {
		t.Fatal(err)
	}
	written, err := w.WriteUsers(t.Context(), []documentwriter.UserChange{
		{UID: "1", Documents: documents(fs, "1", "a")},
		{UID: "2", Documents: documents(fs, "2", "b")},
		{UID: "3", Documents: documents(fs, "3", "c")},
	}, func(uid string) bool { return len(uid) == 1 })
	if slices.Sort(written.LeftAlone); err != nil || !slices.Equal(written.Taken, []string{"a"}) || !slices.Equal(written.LeftAlone, []string{"1", "3"}) {
		t.Fatalf("%+v, %v, want a taken, and 1 and 3 left alone", written, err)
	}
	if got := owners(t, fs); sorted(got) != sorted("a=born on the new side b=2 b:h-2") && !strings.HasPrefix(got, "a=born on the new side b=2") {
		t.Errorf("owners %s", got)
	}
	for uid, want := range map[string]bool{"1": false, "2": true, "3": false} {
		if got := exists(t, schema.UserRef(fs, uid)); got != want {
			t.Errorf("user %s exists: %v, want %v", uid, got, want)
		}
	}
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	for _, path := range []string{"users/a/timetables/t", "users/a/timetables/t/lectures/l", "users/a/timetables/u/lectures/m", "users/ab/timetables/t/lectures/l"} {
		if _, err := fs.Doc(path).Set(t.Context(), map[string]any{"title": "x"}); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"users/a":              "users/a/timetables/t users/a/timetables/t/lectures/l",
		"users/a/timetables/t": "users/a/timetables/t/lectures/l",
		"users/a/timetables/u": "users/a/timetables/u/lectures/m",
		"users/none":           "",
	} {
		writes, err := documentwriter.Descendants(t.Context(), fs.Doc(path))
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, w := range writes {
			paths = append(paths, schema.Path(w.Ref))
		}
		if got := strings.Join(paths, " "); got != want {
			t.Errorf("below %s: %s, want %s", path, got, want)
		}
	}
}

func TestIsOldUID(t *testing.T) {
	for uid, want := range map[string]bool{
		"3f1b2c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d": true,
		"3f1b2c4d-5e6f-8a7b-8c9d-0e1f2a3b4c5d": false, // version 8: compat-server made it during the move
		"3F1B2C4D-5E6F-4A7B-8C9D-0E1F2A3B4C5D": false,
		"3f1b2c4d5e6f4a7b8c9d0e1f2a3b4c5d":     false,
		"abcdefghijklmnopqrstuvwxyz12":         false, "": false,
	} {
		if got := documentwriter.IsOldUID(uid); got != want {
			t.Errorf("IsOldUID(%q) = %v", uid, got)
		}
	}
}

// A document that a new client has updated later than the row stays, and is read in the transaction that would
// replace it.
func TestLaterDocumentStays(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	fs := cloud.FirestoreClient(t)
	ref := fs.Doc("users/u/timetables/t")
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	fields := func(title string, at time.Time) map[string]any {
		return map[string]any{"title": title, schema.FieldUpdatedAt: at}
	}
	inTransaction := false
	tool := cloud.FirestoreClient(t, grpc.WithChainStreamInterceptor(
		func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			s, err := streamer(ctx, desc, cc, method, opts...)
			return &watchedStream{s, func(m any) {
				read, ok := m.(*firestorepb.BatchGetDocumentsRequest)
				inTransaction = inTransaction || ok && read.GetTransaction() != nil && strings.Contains(strings.Join(read.Documents, " "), "/timetables/t")
			}}, err
		}))
	w := claim(t, tool)
	for _, c := range []struct {
		title string
		at    time.Time
		want  string
	}{
		{"first", at, "first"}, {"again", at, "again"}, {"earlier", at.Add(-time.Second), "again"}, {"later", at.Add(time.Second), "later"},
	} {
		write := documentwriter.Write{Ref: tool.Doc("users/u/timetables/t"), Fields: fields(c.title, c.at), UnlessLater: true}
		if err := w.Commit(t.Context(), []documentwriter.Write{write}); err != nil {
			t.Fatal(err)
		}
		if doc, err := ref.Get(t.Context()); err != nil || doc.Data()["title"] != c.want {
			t.Errorf("after %q: %v, %v, want %q", c.title, doc.Data(), err, c.want)
		}
	}
	if !inTransaction {
		t.Error("the document is not read in the transaction, so a write in between would be lost")
	}
}

// watchedStream calls sent for each message.
type watchedStream struct {
	grpc.ClientStream
	sent func(any)
}

func (s *watchedStream) SendMsg(m any) error {
	s.sent(m)
	return s.ClientStream.SendMsg(m)
}

// A username that a new client has changed later than the old server the row stays, with its index; the password's
// hash is written all the same.
func TestLaterUserStays(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	w := claim(t, fs)
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	change := func(name string, at time.Time, former ...conversion.Name) []documentwriter.UserChange {
		d := documents(fs, "1", name)
		d.User.Fields = map[string]any{"username": name, schema.FieldUpdatedAt: at}
		return []documentwriter.UserChange{{UID: "1", Documents: d, Former: former, UnlessLater: true}}
	}
	isOld := func(string) bool { return true }
	if _, err := w.WriteUsers(t.Context(), change("a", at), isOld); err != nil {
		t.Fatal(err)
	}
	for ref, fields := range map[*firestore.DocumentRef]map[string]any{
		schema.UserRef(fs, "1"): {"username": "new", schema.FieldUpdatedAt: at.Add(time.Minute)}, schema.UsernameRef(fs, "new"): {"value": "1"},
	} {
		if _, err := ref.Set(t.Context(), fields); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := schema.UsernameRef(fs, "a").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		changes []documentwriter.UserChange
		want    string
	}{
		{change("b", at.Add(time.Second), named("a")), "new=1 b:h-1"},
		{change("c", at.Add(time.Hour), named("b"), named("new")), "c=1 c:h-1"},
	} {
		if _, err := w.WriteUsers(t.Context(), c.changes, isOld); err != nil {
			t.Fatal(err)
		}
		if got := owners(t, fs); sorted(got) != sorted(c.want) {
			t.Errorf("owners %q, want %q", got, c.want)
		}
	}
}

// The user document of a hidden account is in its pending deletion, and changes there; its username and its credential
// change as usual. A row that is gone because the account is hidden changes nothing.
func TestWriteHiddenUsers(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	w := claim(t, fs)
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	change := func(name string, at time.Time, former ...conversion.Name) documentwriter.UserChange {
		d := documents(fs, "1", name)
		d.User.Fields = map[string]any{"username": name, schema.FieldUpdatedAt: at}
		return documentwriter.UserChange{UID: "1", Documents: d, Former: former}
	}
	earlier, same := change("c", at.Add(-time.Hour), named("b")), change("b", at)
	earlier.UnlessLater = true
	same.Documents.Credential.Fields["hash"] = "h-2"
	first := schema.PendingDeletion{RequestedAt: at, Until: at.Add(time.Hour), Due: at.Add(time.Hour), User: map[string]any{"username": "a"}}
	if _, err := w.WriteUsers(t.Context(), []documentwriter.UserChange{change("a", at)}, func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if _, err := schema.UserRef(fs, "1").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := schema.DeletionRef(fs, "1").Set(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		step           string
		change         documentwriter.UserChange
		owners, hidden string
	}{
		{"renamed", change("b", at, named("a")), "b=1 b:h-1", "b"},
		{"another hash", same, "b=1 b:h-2", "b"},
		{"parked", documentwriter.UserChange{UID: "1", Gone: true, Parked: true, Former: []conversion.Name{named("b")}}, "b=1 b:h-2", "b"},
		{"earlier than the new side", earlier, "b=1 c:h-1", "b"},
		{"gone", documentwriter.UserChange{UID: "1", Gone: true, Former: []conversion.Name{named("b"), named("c")}}, "", ""},
		{"again", change("d", at), "d=1 d:h-1", "d"},
	} {
		if _, err := w.WriteUsers(t.Context(), []documentwriter.UserChange{c.change}, func(string) bool { return true }); err != nil {
			t.Fatal(err)
		}
		var pending schema.PendingDeletion
		if _, err := schema.Read(t.Context(), schema.DeletionRef(fs, "1"), &pending); err != nil {
			t.Fatal(err)
		}
		if got := owners(t, fs); sorted(got) != sorted(c.owners) || pending.Username() != c.hidden || exists(t, schema.UserRef(fs, "1")) {
			t.Errorf("%s: owners %q, want %q; username after a restore %q, want %q", c.step, got, c.owners, pending.Username(), c.hidden)
		}
		if !pending.Due.Equal(first.Due) || !pending.Until.Equal(first.Until) {
			t.Errorf("%s: the deletion is due %v, want %v", c.step, pending.Due, first.Due)
		}
	}
}
