package deletion_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	firebaseauth "firebase.google.com/go/v4/auth"
	"github.com/google/uuid"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
)

// step is one call of the service for an account.
type step struct {
	name string
	do   func(ctx context.Context, s *deletion.Service, uid string) error
}

var (
	block = step{"block", func(ctx context.Context, s *deletion.Service, uid string) error {
		_, err := s.Block(ctx, uid, "")
		return err
	}}
	unblock = step{"unblock", func(ctx context.Context, s *deletion.Service, uid string) error {
		_, err := s.Unblock(ctx, uid)
		return err
	}}
	request = step{"request", func(ctx context.Context, s *deletion.Service, uid string) error {
		_, err := s.Request(ctx, uid)
		return err
	}}
	restore   = step{"restore", func(ctx context.Context, s *deletion.Service, uid string) error { return s.Restore(ctx, uid) }}
	opposites = map[string]step{"block": unblock, "unblock": block, "request": restore, "restore": request}
)

// A call to Authentication that arrives after other steps have changed the document and Authentication does not
// win: at the end, Authentication agrees with the document.
func TestLateCallsToAuthentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	healthy := w.service(t)
	tried := 0
	for _, stalled := range []step{block, unblock, request, restore} {
		for _, between := range [][]step{
			{opposites[stalled.name]},
			{opposites[stalled.name], stalled},
			{unblock}, {restore}, {block, unblock}, {request, restore},
			{unblock, request}, {restore, block}, {unblock, request, block}, {restore, block, request},
			{unblock, restore}, {unblock, request, restore}, {restore, block, unblock},
		} {
			for n := 0; w.lateCall(t, healthy, stalled, between, n); n++ {
				tried++
			}
		}
	}
	if tried < 100 {
		t.Errorf("%d calls were late, want at least 100", tried)
	}
}

// lateCall takes steps between while the n-th call to Authentication that stalled makes after its commit is
// under way. It reports whether there was such a call.
func (w *world) lateCall(t *testing.T, healthy *deletion.Service, stalled step, between []step, n int) bool {
	t.Helper()
	names := make([]string, len(between))
	for i, s := range between {
		names[i] = s.name
	}
	where := fmt.Sprintf("%s stalls before call %d, then %s", stalled.name, n, strings.Join(names, ", "))
	prepare := func() string {
		uid := uuid.NewString()
		_, err := w.accounts.CreateUser(t.Context(), (&firebaseauth.UserToCreate{}).UID(uid))
		must(t, err)
		if stalled.name == "unblock" || stalled.name == "restore" {
			must(t, opposites[stalled.name].do(t.Context(), healthy, uid))
		}
		return uid
	}
	// Which call is the n-th? Those before the commit are within a transaction, and would hold up the others.
	uid := prepare()
	s, p, ctx := w.faultyService(t, faulttest.None, 0)
	must(t, stalled.do(ctx, s, uid))
	committed, late := false, []int(nil)
	for i, name := range p.Calls() {
		committed = committed || strings.HasSuffix(name, "/Commit")
		if committed && !strings.HasPrefix(name, "/google.firestore") {
			late = append(late, i)
		}
	}
	if n >= len(late) {
		return false
	}
	uid = prepare()
	s, p, ctx = w.faultyService(t, faulttest.StallBefore, late[n])
	done := make(chan error, 1)
	go func() { done <- stalled.do(ctx, s, uid) }()
	<-p.Stalled()
	for _, s := range between {
		must(t, s.do(t.Context(), healthy, uid))
	}
	p.Resume()
	must(t, <-done)
	w.checkAgrees(t, where, uid)
	return true
}

// checkAgrees checks that Authentication agrees with the document of an account.
func (w *world) checkAgrees(t *testing.T, where, uid string) {
	t.Helper()
	pending, err := deletion.ReadPending(t.Context(), w.fs, uid)
	must(t, err)
	account, err := w.accounts.GetUser(t.Context(), uid)
	must(t, err)
	if want := pending != nil && pending.IsBlocked(); account.Disabled != want {
		t.Errorf("%s: disabled is %v, want %v: %+v", where, account.Disabled, want, pending)
	}
	_, claim := account.CustomClaims[deletion.Claim]
	if want := pending != nil && pending.IsDeleting(); claim != want {
		t.Errorf("%s: claims %v, want the deletion's: %v", where, account.CustomClaims, want)
	}
	if pending != nil && !pending.SignedOut {
		t.Errorf("%s: not signed out: %+v", where, pending)
	}
}
