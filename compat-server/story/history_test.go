package story

import (
	"math/rand/v2"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
)

// The apps and their model hold against the old server alone.
func TestOldServerAlone(t *testing.T) {
	w := newWorld(t, 1, postgrestest.Shared(t))
	w.balancer.add(&instance{url: "http://" + w.compatToOld.Address()})
	c := w.crowd()
	for i, u := range w.cleanUsers(6) {
		c.addOld(w.oldApp(u, rand.New(rand.NewPCG(1, uint64(i)))))
	}
	for i := range 2 {
		c.addNew(w.newApp("newcomer000000000000000000"+string(rune('a'+i)), rand.New(rand.NewPCG(2, uint64(i)))))
	}
	time.Sleep(3 * time.Second)
	c.leave()
	for _, a := range c.old {
		if err := a.list(); err != nil {
			w.fail("%v", err)
		}
	}
	w.summary()
}
