package reverse

import (
	"context"
	"iter"
	"testing"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/schema"
)

// slowAccounts lists accounts, and waits before the end of the list.
type slowAccounts struct {
	*accounts
	listing chan struct{} // has an element when a list waits
	proceed chan struct{}
}

func newSlowAccounts(a *accounts) *slowAccounts {
	return &slowAccounts{a, make(chan struct{}), make(chan struct{})}
}

func (a *slowAccounts) WithPassword(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for uid := range a.accounts.WithPassword(ctx) {
			if !yield(uid, nil) {
				return
			}
		}
		for _, c := range []chan struct{}{a.listing, a.proceed} {
			select {
			case c <- struct{}{}:
			case <-ctx.Done():
				yield("", ctx.Err())
				return
			}
		}
	}
}

// someHash returns the key of a user with a usable hash.
func (w *world) someHash() (key string) {
	w.t.Helper()
	return w.queryRow("SELECT key FROM heektime_migration.passwords ORDER BY key LIMIT 1")
}

func (w *world) hashOf(key string) string {
	w.t.Helper()
	return w.queryRow("SELECT password_hash FROM users WHERE id::text = $1", key)
}

// While the accounts are listed, changes flow on. A sweep that was interrupted is resumed, because somebody
// waits for it.
func TestSweepRunsBesideTheStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := newSlowAccounts(w.accounts)
	key := w.someHash()
	w.accounts.setPassword(key)
	stop := w.run(func(cfg *Config) { cfg.Accounts = slow })
	w.arrive()
	mark := PasswordMark()
	w.set(schema.MigrationMarkRef(w.client), schema.MigrationMark{Mark: mark}.Fields())
	<-slow.listing
	lecture := w.anyPath(schema.LectureDocument)
	w.update(lecture, firestore.Update{Path: schema.FieldTitle, Value: "meanwhile"})
	w.arrive()
	w.check()
	if applied, err := Applied(t.Context(), w.db.Pool, mark); err != nil || applied {
		t.Errorf("the mark counts as applied before all accounts were listed (%v)", err)
	}
	stop()
	w.run(func(cfg *Config) { cfg.Accounts = slow })
	<-slow.listing
	<-slow.proceed
	w.awaitApplied(mark)
	if got := w.hashOf(key); got != unusableHash {
		t.Errorf("the hash is %q although Authentication has a password", got)
	}
}

// A hash that the old server sets while accounts are listed replaces the password that the list has.
func TestSweepKeepsLaterHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := newSlowAccounts(w.accounts)
	key := w.someHash()
	w.accounts.setPassword(key)
	w.run(func(cfg *Config) { cfg.Accounts = slow })
	w.arrive()
	mark := PasswordMark()
	w.set(schema.MigrationMarkRef(w.client), schema.MigrationMark{Mark: mark}.Fields())
	<-slow.listing
	hash := olddata.Hash("later", "salt")
	w.exec("UPDATE users SET password_hash = $1 WHERE id::text = $2", hash, key)
	known, err := passwords.Open(t.Context(), w.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer known.Close(context.WithoutCancel(t.Context()))
	if err := known.Remember(t.Context(), []passwords.Hash{{UID: key, Credential: "c", Text: hash}}); err != nil {
		t.Fatal(err)
	}
	<-slow.proceed
	w.awaitApplied(mark)
	if got := w.hashOf(key); got != hash {
		t.Errorf("the hash is %q, want the later one", got)
	}
}
