package release_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
)

func TestRollbackTwice(t *testing.T) {
	c := start(t)
	for n := 1; n <= 3; n++ {
		c.mustRelease(n, "courses")
	}
	for n := 2; n >= 1; n-- {
		if err := c.rollback("courses"); err != nil {
			t.Fatal(err)
		}
		c.wantServing("courses", image("courses", n))
	}
	wantError(t, c.rollback("courses"), "no revision that served before", "--to")
	c.wantServing("courses", image("courses", 1))
	c.mustRelease(4, "courses")
	if err := c.rollback("courses"); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1)) // not 3, which was rolled back
}

// Without names, a rollback undoes the newest release, and only what it moved.
func TestRollbackOfARelease(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses", "refresh", "auth")
	c.mustRelease(2, "courses", "refresh")
	c.mustRelease(3, "refresh")
	for _, want := range []struct{ courses, refresh int }{{2, 2}, {1, 1}} {
		if err := c.rollback(); err != nil {
			t.Fatal(err)
		}
		c.wantServing("courses", image("courses", want.courses))
		c.wantServing("refresh", image("refresh", want.refresh))
		c.wantServing("auth", image("auth", 1))
	}
}

// A rollback that is killed halfway is finished by the next one.
func TestRollbackKilled(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses", "refresh")
	c.mustRelease(2, "courses", "refresh")
	updates := 0
	c.onCall(func(method string) error {
		if method == "UpdateService" {
			if updates++; updates > 1 {
				return errors.New("killed")
			}
		}
		return nil
	})
	if err := c.rollback(); err == nil {
		t.Fatal("no error")
	}
	c.onCall(nil)
	if err := c.rollback(); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1))
	c.wantServing("refresh", image("refresh", 1))
}

// The newest revision may be broken in any way.
func TestRollbackFromABrokenRevision(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses")
	c.mustRelease(2, "courses")
	c.set(c.broken, image("courses", 2), true)
	c.set(c.unstarted, image("courses", 3), true)
	if err := c.release(3, "courses"); err == nil {
		t.Fatal("no error")
	}
	r, out := c.releaser()
	if err := r.Rollback(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1))
	if !strings.Contains(out.String(), " → courses-") {
		t.Errorf("it prints %q", out)
	}
}

// A revision that served, but is gone or no longer ready, is skipped.
func TestRollbackSkipsWhatIsGone(t *testing.T) {
	c := start(t)
	var middle string
	for n := 1; n <= 3; n++ {
		c.mustRelease(n, "courses")
		if n == 2 {
			for id := range c.run.Serving(c.name("courses"), "") {
				middle = id
			}
		}
	}
	if op, err := c.revs.DeleteRevision(t.Context(), &runpb.DeleteRevisionRequest{Name: c.name("courses") + "/revisions/" + middle}); err != nil {
		t.Fatal(op, err)
	}
	if err := c.rollback("courses"); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1))
}

// Revisions that nobody recorded are found by their age; Google's placeholder is not gone back to.
func TestRollbackWithoutHistory(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses")
	wantError(t, c.rollback("courses"), "--to") // before it, there was the placeholder
	c.mustRelease(2, "courses")
	pb, err := c.run.GetService(t.Context(), &runpb.GetServiceRequest{Name: c.name("courses")})
	if err != nil {
		t.Fatal(err)
	}
	pb.Annotations = nil
	if _, err := c.run.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: pb}); err != nil {
		t.Fatal(err)
	}
	if err := c.rollback(); err != nil { // auth and the others remember nothing either
		wantError(t, err, "no service remembers a release")
	} else {
		t.Error("a rollback without names does not know what to undo, but reports no error")
	}
	if err := c.rollback("courses"); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1))
}

func TestRollbackTo(t *testing.T) {
	c := start(t)
	ids := map[int]string{}
	for n := 1; n <= 3; n++ {
		c.mustRelease(n, "courses")
		for id := range c.run.Serving(c.name("courses"), "") {
			ids[n] = id
		}
	}
	r, _ := c.releaser()
	for _, n := range []int{1, 3, 2} { // also forwards
		if err := r.RollbackTo(t.Context(), "courses", ids[n]); err != nil {
			t.Fatal(err)
		}
		c.wantServing("courses", image("courses", n))
	}
	wantError(t, r.RollbackTo(t.Context(), "courses", "courses-00099-xyz"), "courses-00099-xyz", "does not exist")
	c.set(c.unstarted, image("courses", 4), true)
	if err := c.release(4, "courses"); err == nil {
		t.Fatal("no error")
	}
	pb, err := c.run.GetService(t.Context(), &runpb.GetServiceRequest{Name: c.name("courses")})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, r.RollbackTo(t.Context(), "courses", pb.LatestCreatedRevision), "is not ready", "exit code 1")
	c.wantServing("courses", image("courses", 2))
}

// After a rollback, a release without an image does not bring the bad image back; one that names it does.
func TestReleaseAfterRollback(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses")
	c.mustRelease(2, "courses")
	if err := c.rollback(); err != nil {
		t.Fatal(err)
	}
	r, _ := c.releaser()
	wantError(t, r.Release(t.Context(), []string{"courses"}, nil), "was rolled back")
	c.wantServing("courses", image("courses", 1))
	c.mustRelease(2, "courses")
	c.wantServing("courses", image("courses", 2))
	if err := r.Release(t.Context(), []string{"courses"}, nil); err != nil {
		t.Error(err)
	}
}

// Two rollbacks at a time do not go back twice.
func TestTwoRollbacksAtOnce(t *testing.T) {
	for range 10 {
		c := start(t)
		for n := 1; n <= 3; n++ {
			c.mustRelease(n, "courses")
		}
		updates := 0
		var mu sync.Mutex
		c.onCall(func(method string) error {
			if method != "UpdateService" {
				return nil
			}
			mu.Lock()
			updates++
			first := updates == 1
			mu.Unlock()
			if first { // another rollback comes in between
				r, _ := c.releaser()
				return r.Rollback(t.Context(), []string{"courses"})
			}
			return nil
		})
		err := c.rollback("courses")
		wantError(t, err, "somebody else is changing it")
		c.wantServing("courses", image("courses", 2))
	}
}

// Traffic that was moved by hand is part of the history.
func TestTrafficMovedByHand(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses")
	c.mustRelease(2, "courses")
	pb, err := c.run.GetService(t.Context(), &runpb.GetServiceRequest{Name: c.name("courses")})
	if err != nil {
		t.Fatal(err)
	}
	one := ""
	for _, r := range c.run.Services() {
		for _, revision := range r.Revisions {
			if revision.Containers[0].Image == image("courses", 1) {
				one = revision.Name[strings.LastIndexByte(revision.Name, '/')+1:]
			}
		}
	}
	pb.Traffic = []*runpb.TrafficTarget{{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION, Revision: one, Percent: 100}}
	if _, err := c.run.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: pb}); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1))
	c.mustRelease(3, "courses")
	if err := c.rollback("courses"); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1))
	if text := fmt.Sprint(c.annotations("courses")); strings.Count(text, one) != 1 {
		t.Errorf("annotations: %s", text)
	}
}
