package credential_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/schema"
)

func TestAddAndDelete(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	first := credential.Credential{Email: "a/b@user.heektime.heek.kr", UID: "1", Hash: "hash"}
	other := first
	other.UID = "2"
	changed := first
	changed.Hash = "other"
	for _, c := range []struct {
		name string
		add  credential.Credential
		want error
	}{
		{"new", first, nil},
		{"again", first, nil},
		{"another account", other, credential.ErrTaken},
		{"another hash", changed, credential.ErrTaken},
		{"another address", credential.Credential{Email: "c@user.heektime.heek.kr", UID: "1", Hash: "hash"}, nil},
		{"third account", credential.Credential{Email: "d@user.heektime.heek.kr", UID: "3", Hash: "hash"}, nil},
	} {
		if err := credential.Add(t.Context(), fs, c.add); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if err := credential.Add(t.Context(), fs, credential.Credential{Email: "e@user.heektime.heek.kr", UID: "5"}); err == nil {
		t.Error("stored a credential without a hash")
	}
	if n, err := credential.Remaining(t.Context(), fs); n != 3 || err != nil {
		t.Errorf("%d remain, %v", n, err)
	}
	for _, want := range []int{2, 0} {
		if n, err := credential.DeleteAll(t.Context(), fs, "1"); n != want || err != nil {
			t.Errorf("deleted %d (%v), want %d", n, err, want)
		}
	}
	if n, err := credential.Remaining(t.Context(), fs); n != 1 || err != nil {
		t.Errorf("%d remain, %v", n, err)
	}
}

// Malformed documents, and those stored under the key of another address, are rejected.
func TestReadRejectsMalformed(t *testing.T) {
	t.Parallel()
	fs := emulatortest.Start(t).FirestoreClient(t)
	ref := credential.Ref(fs, "a@user.heektime.heek.kr")
	for name, fields := range map[string]map[string]any{
		"another's address": {"email": "b@user.heektime.heek.kr", "uid": "1", "hash": "h"},
		"no uid":            {"email": "a@user.heektime.heek.kr", "hash": "h"},
		"a wrong type":      {"email": "a@user.heektime.heek.kr", "uid": 1, "hash": "h"},
		"empty":             {},
	} {
		if _, err := ref.Set(t.Context(), fields); err != nil {
			t.Fatal(err)
		}
		doc, err := ref.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if c, err := credential.Read(doc); err == nil {
			t.Errorf("%s: got %v, want an error", name, c)
		}
	}
}

func TestPrintingHidesHash(t *testing.T) {
	c := credential.Credential{Email: "a@b.kr", UID: "1", Hash: "hash"}
	stored := credential.Stored{StoredCredential: schema.StoredCredential{Credential: c}}
	if text := fmt.Sprintf("%v %+v %#v %s %v %+v %s", c, c, c, c, stored, stored, &stored); strings.Contains(text, "hash") {
		t.Error(text)
	}
}
