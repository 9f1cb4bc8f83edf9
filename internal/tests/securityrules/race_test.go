package securityrules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/emulatortest"
)

// TestRace lets 10,000 users (1,000 under the race detector) claim a few usernames at once, one in ten as clients do, in a transaction that reads the
// index first, the others without looking. Each name must have one winner, and whenever somebody reads the two documents, they
// must fit together.
func TestRace(t *testing.T) {
	const users = 10_000 / raceDivisor
	names := []string{"captain", "princess", "연세대학", "고려대생"}
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.Rules = []byte(source(t, "firestore.rules")) })
	clients := make([]*firestore.Client, 8)
	for i := range clients {
		clients[i] = cloud.FirestoreClientSignedOut(t)
	}
	start, done := make(chan struct{}), make(chan struct{})
	var claims, reading sync.WaitGroup
	var mu sync.Mutex
	winners := map[string][]string{}
	var refusals, looks atomic.Int64
	db, err := cloud.Firestore.Database(cloud.Project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	// Each claim looks when it ends, without a queue to wait in; meanwhile somebody looks through the public door.
	look := func() {
		looks.Add(1)
		byUser, byIndex := map[string]string{}, map[string]string{}
		for d := range db.Documents() {
			if uid, ok := strings.CutPrefix(d.Path, "users/"); ok {
				byUser[fmt.Sprint(d.Data["username"])] += uid
			} else {
				byIndex[strings.TrimPrefix(d.Path, usernames(""))] = fmt.Sprint(d.Data["value"])
			}
		}
		if !maps.Equal(byUser, byIndex) {
			t.Errorf("the users are %v, the indices %v", byUser, byIndex)
		}
	}
	for i := range users {
		uid, name, client := fmt.Sprintf("user%d", i), names[i/10%len(names)], clients[i%len(clients)]
		ctx := signedIn(t, cloud.Project, uid)
		claims.Go(func() {
			<-start
			err := claimAs(ctx, client, uid, name, i%10 == 0)
			switch {
			case err == nil:
				mu.Lock()
				winners[name] = append(winners[name], uid)
				mu.Unlock()
			case err == errTaken || refused(err):
				refusals.Add(1)
			default:
				t.Errorf("%s claims %s: %v", uid, name, err)
			}
			look()
		})
	}
	server := cloud.FirestoreClient(t)
	reading.Go(func() {
		for {
			if err := consistent(t.Context(), server, names); err != nil {
				t.Error(err)
				return
			}
			looks.Add(1)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	close(start)
	claims.Wait()
	close(done)
	reading.Wait()
	for _, name := range names {
		if n := len(winners[name]); n != 1 {
			t.Errorf("%s has %d winners: %v", name, n, winners[name])
			continue
		}
		index, err := server.Doc(usernames(name)).Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if index.Data()["value"] != winners[name][0] {
			t.Errorf("%s was won by %s, and its index is %v", name, winners[name][0], index.Data())
		}
	}
	all, err := server.Collection("users").Documents(t.Context()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(names) || refusals.Load() != int64(users-len(names)) {
		t.Errorf("there are %d users and %d refusals, of %d claims", len(all), refusals.Load(), users)
	}
	t.Logf("%d claims of %d names, %d winners, %d looks between", users, len(names), len(all), looks.Load())
}

// TestRenames lets users change their names all the time, often to one that another has or is about to have, while others
// look whether all documents fit together.
func TestRenames(t *testing.T) {
	const users, changes = 8, 250
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.Rules = []byte(source(t, "firestore.rules")) })
	var names []string
	for i := range users + users/2 {
		names = append(names, fmt.Sprintf("name%d", i))
	}
	var changing, looking sync.WaitGroup
	var renamed, taken, looks atomic.Int64
	done := make(chan struct{})
	clients := make([]*firestore.Client, users)
	for i := range users {
		uid := fmt.Sprintf("user%d", i)
		clients[i] = cloud.FirestoreClientAs(t, uid, nil)
		if err := claimAs(t.Context(), clients[i], uid, names[i], true); err != nil {
			t.Fatal(err)
		}
	}
	for i, client := range clients {
		uid := fmt.Sprintf("user%d", i)
		changing.Go(func() {
			mine := names[i]
			random := rand.New(rand.NewPCG(uint64(i), 0))
			for range changes {
				name := names[random.IntN(len(names))]
				switch err := renameAs(t.Context(), client, uid, mine, name); {
				case err == nil:
					mine = name
					renamed.Add(1)
				case refused(err):
					taken.Add(1)
				default:
					t.Errorf("%s changes from %s to %s: %v", uid, mine, name, err)
				}
			}
		})
	}
	for range 2 {
		server := cloud.FirestoreClient(t)
		looking.Go(func() {
			for {
				if err := consistent(t.Context(), server, names); err != nil {
					t.Error(err)
					return
				}
				looks.Add(1)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	changing.Wait()
	close(done)
	looking.Wait()
	if renamed.Load() == 0 || taken.Load() == 0 {
		t.Error("nobody changed his name, or nobody was refused")
	}
	t.Logf("%d changes of names, %d refused, %d looks between", renamed.Load(), taken.Load(), looks.Load())
}

func renameAs(ctx context.Context, client *firestore.Client, uid, old, name string) error {
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		return errors.Join(
			tx.Update(client.Doc("users/"+uid), []firestore.Update{{Path: "username", Value: name}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}),
			tx.Delete(client.Doc(usernames(old))),
			tx.Set(client.Doc(usernames(name)), map[string]any{"value": uid}))
	}, firestore.MaxAttempts(100))
}

// errTaken is what a client knows before it writes.
var errTaken = errors.New("the name is taken")

func claimAs(ctx context.Context, client *firestore.Client, uid, name string, look bool) error {
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		index := client.Doc(usernames(name))
		if look {
			switch _, err := tx.Get(index); {
			case err == nil:
				return errTaken
			case status.Code(err) != codes.NotFound:
				return err
			}
		}
		data := map[string]any{"username": name, "createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp}
		if err := tx.Set(client.Doc("users/"+uid), data); err != nil {
			return err
		}
		return tx.Set(index, map[string]any{"value": uid})
	}, firestore.MaxAttempts(100))
}

// consistent reads users and index documents at one moment and compares them.
func consistent(ctx context.Context, client *firestore.Client, names []string) error {
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		users, err := tx.Documents(client.Collection("users")).GetAll()
		if err != nil {
			return err
		}
		var refs []*firestore.DocumentRef
		for _, name := range names {
			refs = append(refs, client.Doc(usernames(name)))
		}
		indices, err := tx.GetAll(refs)
		if err != nil {
			return err
		}
		byUser, byIndex := map[string]string{}, map[string]string{}
		for _, u := range users {
			byUser[fmt.Sprint(u.Data()["username"])] += u.Ref.ID
		}
		for _, x := range indices {
			if x.Exists() {
				byIndex[x.Ref.ID] = fmt.Sprint(x.Data()["value"])
			}
		}
		if !maps.Equal(byUser, byIndex) {
			return fmt.Errorf("the users are %v, the indices %v", byUser, byIndex)
		}
		return nil
	}, firestore.ReadOnly)
}

// signedIn is a context in which a client without credentials is a user. Ten thousand clients would be as many connections.
func signedIn(t testing.TB, project, uid string) context.Context {
	t.Helper()
	raw, err := token.Encode(map[string]any{"iss": "https://securetoken.google.com/" + project, "aud": project,
		"sub": uid, "user_id": uid, "iat": 0, "exp": 3600, "auth_time": 0})
	if err != nil {
		t.Fatal(err)
	}
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+raw)
}
