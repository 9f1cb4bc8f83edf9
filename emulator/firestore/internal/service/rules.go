package service

import (
	"context"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// SetRules replaces the rules of a project; those of "" are for all projects that were given none of their own. A nil
// edition allows everybody everything.
func (e *Engine) SetRules(project string, rules *guard.ActiveRules) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if project == "" {
		e.rules = rules
	} else {
		e.own[project] = true
		e.guard(project)
	}
	for p, g := range e.guards {
		if p == project || project == "" && !e.own[p] {
			g.Set(rules)
		}
	}
	for _, d := range e.dbs {
		if p := d.Name.Project(); p == project || project == "" && !e.own[p] {
			d.Hub.Recheck()
		}
	}
}

// Guard is what judges the requests to a project.
func (e *Engine) Guard(project string) *guard.Guard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.guard(project)
}

// guard is [Engine.Guard] under the lock.
func (e *Engine) guard(project string) *guard.Guard {
	g := e.guards[project]
	if g == nil {
		g = guard.New(e.rules, e.options.Logger)
		e.guards[project] = g
	}
	return g
}

func (d *Database) mayGet(ctx context.Context, who guard.Caller, v store.View, keys ...resource.Key) error {
	s, err := d.Guard.Begin(d.DB, who)
	if err != nil || s == nil {
		return err
	}
	defer s.End(ctx)
	return s.AuthorizeGet(ctx, v, keys...)
}

func (d *Database) mayList(ctx context.Context, who guard.Caller, v store.View, q *query.Query) error {
	s, err := d.Guard.Begin(d.DB, who)
	if err != nil || s == nil {
		return err
	}
	defer s.End(ctx)
	return s.AuthorizeList(ctx, v, q)
}

// mustOwn refuses everybody but servers, where there are rules.
func (d *Database) mustOwn(ctx context.Context, who guard.Caller, what string, at resource.Key) error {
	s, err := d.Guard.Begin(d.DB, who)
	if err != nil || s == nil {
		return err
	}
	defer s.End(ctx)
	return s.RequireServer(what, at)
}

// giveUp ends the transaction of a read that failed if it began with it: nobody knows its id.
func (d *Database) giveUp(id []byte, fresh bool) {
	if fresh {
		d.Txns.Rollback(id)
	}
}
