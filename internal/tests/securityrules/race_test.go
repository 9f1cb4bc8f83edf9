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
	store "heek.kr/heektime/emulator/firestore"
)

// TestRace lets 10,000 users (1,000 under the race detector) claim a few usernames simultaneously.
// One in ten claims like the apps do, in a transaction that reads the index first; the others write
// blindly. Each name must have one winner, and the user and index documents must be consistent at
// all times.
func TestRace(t *testing.T) {
	const users = 10_000 / raceDivisor
	names := []string{"captain", "princess", "연세대학", "고려대생"}
	cloud := startWithRules(t)
	db, err := cloud.Firestore.Database(cloud.Project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	clients := make([]*firestore.Client, 8)
	for i := range clients {
		clients[i] = cloud.FirestoreClientSignedOut(t)
	}
	start := make(chan struct{})
	var claims sync.WaitGroup
	var mu sync.Mutex
	winners := map[string][]string{}
	var denials, checks atomic.Int64
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
			case err == errTaken || isDenied(err):
				denials.Add(1)
			default:
				t.Errorf("%s claims %s: %v", uid, name, err)
			}
			// Reading the store directly is cheap enough to check after every claim.
			checks.Add(1)
			if err := checkStore(db); err != nil {
				t.Error(err)
			}
		})
	}
	server := cloud.FirestoreClient(t)
	stop := checkRepeatedly(t, server, names, &checks)
	close(start)
	claims.Wait()
	stop()
	for _, name := range names {
		checkWinner(t, server, name, winners[name])
	}
	all, err := server.Collection("users").Documents(t.Context()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(names) || denials.Load() != int64(users-len(names)) {
		t.Errorf("%d users and %d denials after %d claims", len(all), denials.Load(), users)
	}
	t.Logf("%d claims of %d names, %d winners, %d consistency checks", users, len(names), len(all), checks.Load())
}

// checkWinner fails the test unless exactly one user won the name and its index document says so.
func checkWinner(t *testing.T, server *firestore.Client, name string, winners []string) {
	t.Helper()
	if len(winners) != 1 {
		t.Errorf("%s has %d winners: %v", name, len(winners), winners)
		return
	}
	index, err := server.Doc(usernames(name)).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if index.Data()["value"] != winners[0] {
		t.Errorf("%s won %s, but its index document is %v", winners[0], name, index.Data())
	}
}

// TestRenames lets users change their names continually, often to a name that another user has or
// is about to take. The user and index documents must be consistent at all times.
func TestRenames(t *testing.T) {
	const users, changes = 8, 250
	cloud := startWithRules(t)
	var names []string
	for i := range users + users/2 {
		names = append(names, fmt.Sprintf("name%d", i))
	}
	clients := make([]*firestore.Client, users)
	for i := range users {
		uid := fmt.Sprintf("user%d", i)
		clients[i] = cloud.FirestoreClientAs(t, uid, nil)
		if err := claimAs(t.Context(), clients[i], uid, names[i], true); err != nil {
			t.Fatal(err)
		}
	}
	var changing sync.WaitGroup
	var renamed, denied, checks atomic.Int64
	for i, client := range clients {
		uid := fmt.Sprintf("user%d", i)
		changing.Go(func() {
			current := names[i]
			random := rand.New(rand.NewPCG(uint64(i), 0))
			for range changes {
				name := names[random.IntN(len(names))]
				switch err := renameAs(t.Context(), client, uid, current, name); {
				case err == nil:
					current = name
					renamed.Add(1)
				case isDenied(err):
					denied.Add(1)
				default:
					t.Errorf("%s changes from %s to %s: %v", uid, current, name, err)
				}
			}
		})
	}
	var stops []func()
	for range 2 {
		stops = append(stops, checkRepeatedly(t, cloud.FirestoreClient(t), names, &checks))
	}
	changing.Wait()
	for _, stop := range stops {
		stop()
	}
	if renamed.Load() == 0 || denied.Load() == 0 {
		t.Errorf("%d changes succeeded and %d were denied, want some of each", renamed.Load(), denied.Load())
	}
	t.Logf("%d names changed, %d changes denied, %d consistency checks", renamed.Load(), denied.Load(), checks.Load())
}

func startWithRules(t *testing.T) *emulatortest.Cloud {
	t.Helper()
	return emulatortest.Start(t, func(c *emulator.Config) { c.Rules = []byte(source(t, "firestore.rules")) })
}

// checkRepeatedly checks consistency in the background, counting the checks, until the returned
// function is called.
func checkRepeatedly(t *testing.T, server *firestore.Client, names []string, checks *atomic.Int64) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			if err := checkConsistency(t.Context(), server, names); err != nil {
				t.Error(err)
				return
			}
			checks.Add(1)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	return func() {
		close(done)
		running.Wait()
	}
}

// checkStore returns an error unless user and index documents in the Firestore emulator are consistent.
func checkStore(db *store.Database) error {
	byUser, byIndex := map[string]string{}, map[string]string{}
	for d := range db.Documents() {
		if uid, ok := strings.CutPrefix(d.Path, "users/"); ok {
			byUser[fmt.Sprint(d.Data["username"])] += uid
		} else {
			byIndex[strings.TrimPrefix(d.Path, usernames(""))] = fmt.Sprint(d.Data["value"])
		}
	}
	return compareNames(byUser, byIndex)
}

// compareNames compares the uids of usernames according to user documents and according to index
// documents.
func compareNames(byUser, byIndex map[string]string) error {
	if !maps.Equal(byUser, byIndex) {
		return fmt.Errorf("names in user documents %v, in index documents %v", byUser, byIndex)
	}
	return nil
}

func renameAs(ctx context.Context, client *firestore.Client, uid, old, name string) error {
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		return errors.Join(
			tx.Update(client.Doc("users/"+uid), []firestore.Update{{Path: "username", Value: name}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}),
			tx.Delete(client.Doc(usernames(old))),
			tx.Set(client.Doc(usernames(name)), map[string]any{"value": uid}))
	}, firestore.MaxAttempts(100))
}

// errTaken is returned by a claim that finds the name's index document before writing.
var errTaken = errors.New("the name is taken")

func claimAs(ctx context.Context, client *firestore.Client, uid, name string, readFirst bool) error {
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		index := client.Doc(usernames(name))
		if readFirst {
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

// checkConsistency returns an error unless user and index documents, read in one transaction, are
// consistent.
func checkConsistency(ctx context.Context, client *firestore.Client, names []string) error {
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
		return compareNames(byUser, byIndex)
	}, firestore.ReadOnly)
}

// signedIn returns a context that authenticates the calls of a client without credentials. Separate
// clients would need a connection for each user.
func signedIn(t testing.TB, project, uid string) context.Context {
	t.Helper()
	raw, err := token.Encode(map[string]any{"iss": "https://securetoken.google.com/" + project, "aud": project,
		"sub": uid, "user_id": uid, "iat": 0, "exp": 3600, "auth_time": 0})
	if err != nil {
		t.Fatal(err)
	}
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+raw)
}
