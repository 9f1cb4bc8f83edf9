package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
)

// Under the project's rules, a token from this service gives access to the documents of its own uid, but
// not to those of other users, nor to any credentials.
func TestTokenUnderTheRules(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../../firestore.rules")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Cloud: emulatortest.Start(t, func(c *emulator.Config) { c.Rules = rules })}
	w.fs, w.now = w.FirestoreClient(t), w.Clock.Now
	w.accounts = w.config(t, w.AuthAddress()).Accounts
	url := w.serve(t, w.service(t))
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	w.addOldAccount(t, "left@user.heektime.heek.kr", "left", oldHash(t, fastMethod, oldPassword))
	post(t, url+"/login/", "192.0.2.1", credentials{oldEmail, "wrong " + secret})
	me := w.firestoreAs(t, post(t, url+"/login/", "192.0.2.2", credentials{oldEmail, oldPassword}).Token)

	w.checkProfiles(t, me)
	w.checkTimetables(t, me)
	w.checkServerCollections(t, me)
}

const strangerUID = "somebody-else"

// checkProfiles writes the profile of oldUID and that of another user, as oldUID.
func (w *world) checkProfiles(t *testing.T, me *firestore.Client) {
	t.Helper()
	write := func(uid, name string) error {
		return me.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
			profile := map[string]any{
				"username": name, "createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp,
			}
			if err := tx.Set(me.Doc("users/"+uid), profile); err != nil {
				return err
			}
			return tx.Set(me.Doc("indices/user/usernames/"+name), map[string]any{"value": uid})
		}, firestore.MaxAttempts(1))
	}
	if err := write(oldUID, "minsu"); err != nil {
		t.Errorf("write own profile: %v", err)
	}
	if err := write(strangerUID, "other"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("write another user's profile: %v", err)
	}
}

// checkTimetables writes and reads a timetable of oldUID and one of another user, as oldUID.
func (w *world) checkTimetables(t *testing.T, me *firestore.Client) {
	t.Helper()
	const semester = "schools/s/semesters/2026-0900"
	if _, err := w.fs.Doc(semester).Set(t.Context(), map[string]any{"year": 2026}); err != nil {
		t.Fatal(err)
	}
	timetable := func(client *firestore.Client) map[string]any {
		return map[string]any{
			"title": "시간표", "semester": client.Doc(semester), "visibility": "private",
			"createdAt": firestore.ServerTimestamp, "updatedAt": firestore.ServerTimestamp,
		}
	}
	own := me.Doc("users/" + oldUID + "/timetables/0123456789")
	if _, err := own.Set(t.Context(), timetable(me)); err != nil {
		t.Errorf("write own timetable: %v", err)
	}
	if _, err := own.Get(t.Context()); err != nil {
		t.Errorf("read own timetable: %v", err)
	}
	const path = "users/" + strangerUID + "/timetables/0123456789"
	if _, err := me.Doc(path).Set(t.Context(), timetable(me)); status.Code(err) != codes.PermissionDenied {
		t.Errorf("write another user's timetable: %v", err)
	}
	if _, err := w.fs.Doc(path).Set(t.Context(), timetable(w.fs)); err != nil {
		t.Fatal(err)
	}
	if _, err := me.Doc(path).Get(t.Context()); status.Code(err) != codes.PermissionDenied {
		t.Errorf("read another user's private timetable: %v", err)
	}
}

// checkServerCollections tries to access the collections that only servers may access.
func (w *world) checkServerCollections(t *testing.T, me *firestore.Client) {
	t.Helper()
	for _, collection := range []string{"credentials", "attempts"} {
		docs, err := w.fs.Collection(collection).DocumentRefs(t.Context()).GetAll()
		if err != nil || len(docs) == 0 {
			t.Fatalf("%s has %d documents: %v", collection, len(docs), err)
		}
		ref := me.Collection(collection).Doc(docs[0].ID)
		_, get := ref.Get(t.Context())
		_, list := me.Collection(collection).Limit(1).Documents(t.Context()).GetAll()
		_, set := ref.Set(t.Context(), map[string]any{"failures": 0})
		_, remove := ref.Delete(t.Context())
		for operation, err := range map[string]error{"get": get, "list": list, "set": set, "delete": remove} {
			if status.Code(err) != codes.PermissionDenied {
				t.Errorf("%s in %s: %v", operation, collection, err)
			}
		}
	}
}

// firestoreAs returns a Firestore client that is signed in with a custom token.
func (w *world) firestoreAs(t testing.TB, customToken string) *firestore.Client {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"token": customToken, "returnSecureToken": true})
	url := "http://" + w.AuthAddress() + "/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=k"
	response, err := http.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var user struct {
		IDToken bearer `json:"idToken"`
	}
	if err := json.NewDecoder(response.Body).Decode(&user); err != nil || user.IDToken == "" {
		t.Fatalf("sign in with a custom token: %d, %v", response.StatusCode, err)
	}
	conn, err := grpc.NewClient(w.FirestoreAddress(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(user.IDToken))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	client, err := firestore.NewClient(t.Context(), w.Project, option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// bearer sends an ID token with every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }
