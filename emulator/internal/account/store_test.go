package account

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/password"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Config{Clock: clock.New(), DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, users ...User) {
	t.Helper()
	for _, u := range users {
		if err := s.Update("p", func(tx *Tx) error { _, err := tx.Put(u); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

func count(s *Store) (n int) {
	s.View("p", func(tx *Tx) { n = tx.Count() })
	return n
}

// TestUnique: email addresses, phone numbers and provider ids are unique, and a failed transaction
// changes nothing.
func TestUnique(t *testing.T) {
	google := []Provider{{ProviderID: "google.com", RawID: "g1"}}
	tests := map[string]struct {
		second User
		want   error
	}{
		"email":            {User{LocalID: "b", Email: "A@Example.com"}, ErrEmailExists},
		"phone":            {User{LocalID: "b", PhoneNumber: "+821"}, ErrPhoneExists},
		"provider":         {User{LocalID: "b", Providers: google}, ErrProviderExists},
		"others' provider": {User{LocalID: "b", Providers: []Provider{{ProviderID: "apple.com", RawID: "g1"}}}, nil},
		"nothing shared":   {User{LocalID: "b"}, nil},
		"the same user":    {User{LocalID: "a", Email: "a@example.com", PhoneNumber: "+821", Providers: google}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, "")
			put(t, s, User{LocalID: "a", Email: "a@example.com", PhoneNumber: "+821", Providers: google})
			err := s.Update("p", func(tx *Tx) error {
				if _, err := tx.Put(User{LocalID: "before", Email: "before@example.com"}); err != nil {
					return err
				}
				_, err := tx.Put(test.second)
				return err
			})
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			s.View("p", func(tx *Tx) {
				if _, ok := tx.User("before"); ok != (err == nil) {
					t.Errorf("the first operation took effect: %v", ok)
				}
				if u, ok := tx.ByEmail("a@example.com"); !ok || u.LocalID != "a" {
					t.Errorf("the email belongs to %v", u)
				}
			})
		})
	}
}

// TestReuse: an email address or phone number that an account no longer has can be used by others.
func TestReuse(t *testing.T) {
	s := open(t, "")
	put(t, s,
		User{LocalID: "a", Email: "a@example.com", PhoneNumber: "+821"},
		User{LocalID: "a", Email: "new@example.com"},
		User{LocalID: "b", Email: "a@example.com", PhoneNumber: "+821"})
	if err := s.Update("p", func(tx *Tx) error { tx.Delete("b"); return nil }); err != nil {
		t.Fatal(err)
	}
	put(t, s, User{LocalID: "c", Email: "a@example.com"})
	s.View("p", func(tx *Tx) {
		if u, ok := tx.ByEmail("A@EXAMPLE.COM"); !ok || u.LocalID != "c" {
			t.Errorf("got %v", u)
		}
		if _, ok := tx.ByPhone("+821"); ok {
			t.Error("the phone number of a deleted account is still taken")
		}
	})
}

func TestPanicChangesNothing(t *testing.T) {
	s := open(t, "")
	func() {
		defer func() { recover() }()
		s.Update("p", func(tx *Tx) error {
			tx.Put(User{LocalID: "a"})
			tx.Clear()
			tx.Put(User{LocalID: "b"})
			panic("test")
		})
	}()
	if n := count(s); n != 0 {
		t.Errorf("%d accounts", n)
	}
	put(t, s, User{LocalID: "a"}) // the lock was released
}

// TestConcurrentCreates: concurrent creates with one email address create one account.
func TestConcurrentCreates(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	var wg sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for range 50 {
		wg.Go(func() {
			err := s.Update("p", func(tx *Tx) error { _, err := tx.Create(User{Email: "one@example.com"}); return err })
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				created++
			} else if !errors.Is(err, ErrEmailExists) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if created != 1 || count(s) != 1 {
		t.Errorf("created %d, stored %d", created, count(s))
	}
}

// TestRestart: everything is restored after a restart, even from a log whose last record was cut
// off by a crash.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	hash, err := password.New("a password")
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, User{LocalID: "gone"}, User{LocalID: "a", Email: "a@example.com", Hash: hash, CustomAttributes: `{"n":1}`, ValidSince: 7},
		User{LocalID: "b", PhoneNumber: "+821", Disabled: true})
	err = s.Update("p", func(tx *Tx) error {
		tx.Delete("gone")
		tx.PutCode(Code{ID: "used", Kind: "VERIFY_EMAIL", Expires: tx.Now().AddDate(0, 0, 1)})
		tx.PutCode(Code{ID: "code", Kind: "VERIFY_EMAIL", Expires: tx.Now().AddDate(0, 0, 1)})
		tx.DeleteCode("used")
		tx.SetSettings(Settings{EmailPrivacy: true})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"closed", "torn"} {
		t.Run(how, func(t *testing.T) {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if how == "torn" {
				tear(t, dir)
			}
			s = open(t, dir)
			s.View("p", func(tx *Tx) {
				a, _ := tx.ByEmail("a@example.com")
				if a == nil || a.ValidSince != 7 || a.CustomAttributes != `{"n":1}` || len(a.Providers) != 1 {
					t.Fatalf("got %+v", a)
				}
				if ok, err := a.Hash.Verify("a password"); !ok || err != nil {
					t.Errorf("the password: %v, %v", ok, err)
				}
				if b, _ := tx.ByPhone("+821"); b == nil || !b.Disabled {
					t.Errorf("got %+v", b)
				}
				if _, ok := tx.User("gone"); ok {
					t.Error("a deleted account was restored")
				}
				if codes := tx.Codes(); len(codes) != 1 || codes[0].ID != "code" {
					t.Errorf("codes: %v", codes)
				}
				if !tx.Settings().EmailPrivacy {
					t.Error("the settings were lost")
				}
			})
		})
	}
	s.Close()
}

// tear appends the start of a record to the log.
func tear(t *testing.T, dir string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("logs: %v, %v", logs, err)
	}
	slices.Sort(logs)
	f, err := os.OpenFile(logs[len(logs)-1], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("HEEK"); err != nil {
		t.Fatal(err)
	}
}

// TestCompact: a large log is compacted during concurrent changes and loses nothing.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.mu.Lock()
	s.compactAt = 10_000
	s.mu.Unlock()
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 100 {
				put(t, s, User{LocalID: fmt.Sprintf("%d-%d", worker, i), Email: fmt.Sprintf("%d-%d@example.com", worker, i)})
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if snaps, _ := filepath.Glob(filepath.Join(dir, "*.snap")); len(snaps) == 0 {
		t.Error("nothing was compacted")
	}
	s = open(t, dir)
	defer s.Close()
	if n := count(s); n != 400 {
		t.Errorf("%d accounts, want 400", n)
	}
	s.View("p", func(tx *Tx) {
		if _, ok := tx.ByEmail("3-99@example.com"); !ok {
			t.Error("an email was lost")
		}
	})
}

func TestPage(t *testing.T) {
	s := open(t, "")
	for _, id := range []string{"c", "a", "e", "b", "d"} {
		put(t, s, User{LocalID: id})
	}
	var got []string
	s.View("p", func(tx *Tx) {
		for page := tx.Page("", 2); len(page) > 0; page = tx.Page(got[len(got)-1], 2) {
			for _, u := range page {
				got = append(got, u.LocalID)
			}
		}
	})
	if !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) {
		t.Errorf("got %v", got)
	}
}
