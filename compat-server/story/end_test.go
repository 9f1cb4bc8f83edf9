package story

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/migrationtest/oldserver"
)

// compareAll compares both sides with the models of all apps and with each other, when nobody writes any more and
// nothing is broken.
func (h *history) compareAll(c *crowd) {
	if h.Failed() {
		return
	}
	old := c.old
	for _, a := range c.old {
		old = append(old, a.siblings...)
	}
	for _, a := range old {
		h.check(a.signIn())
		h.check(a.me()) // a fault may have cut off the first visit of someone who signed up
		for _, in := range h.balancer.all() {
			a.through = in
			h.check(a.list())
		}
	}
	for _, a := range c.new {
		h.check(a.list(h.requests))
	}
	h.command("verify")
	for _, a := range old {
		list, err := readFirestore(h.requests, h.fs, a.uid)
		h.check(err)
		if err := a.compare(list, isNew); err != nil {
			h.fail("%s in Firestore: %v", a.username, err)
		}
		if isOldUser(a.uid) {
			h.check(h.compareOldSide(a))
		}
	}
}

// isOldUser reports whether the user signed up at the old server: such a uid is a version 4 UUID. Who signed
// up on the new side has nothing on the old one.
func isOldUser(uid string) bool {
	id, err := uuid.Parse(uid)
	return err == nil && id.Version() == 4
}

func (h *history) check(err error) {
	if err != nil {
		h.fail("%v", err)
	}
}

// compareOldSide compares what the old server would show with the model of an app.
func (h *history) compareOldSide(a *oldApp) error {
	token, err := h.old.Token(a.uid, oldserver.Access, time.Now())
	if err != nil {
		return err
	}
	direct := *a
	direct.access, direct.through = token, &instance{url: h.old.URL}
	return direct.list()
}

// nothingLeft checks that finish removed everything from the old database.
func (h *history) nothingLeft() error {
	conn, err := pgx.Connect(h.requests, h.db.URL())
	if err != nil {
		return err
	}
	defer conn.Close(h.requests)
	for what, sql := range map[string]string{
		"replication slots": "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()",
		"publications":      "SELECT count(*) FROM pg_publication",
		"triggers":          "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal",
		"schemas":           "SELECT count(*) FROM pg_namespace WHERE nspname = 'heektime_migration'",
	} {
		var n int
		if err := conn.QueryRow(h.requests, sql).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("after finish, the old database still has %d %s", n, what)
		}
	}
	return nil
}
