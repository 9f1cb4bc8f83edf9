package service

import (
	"context"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// SetRules replaces the rules of a project; project "" stands for all projects without rules of
// their own. Nil rules allow everything.
func (e *Engine) SetRules(project string, rules *guard.ActiveRules) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if project == "" {
		e.rules = rules
	} else {
		e.ownRules[project] = true
		e.guard(project)
	}
	for p, g := range e.guards {
		if p == project || project == "" && !e.ownRules[p] && !strings.Contains(p, "/") {
			g.Set(rules)
		}
	}
	for _, d := range e.dbs {
		if p := d.Name.Project(); p == project || project == "" && !e.ownRules[p] {
			d.Hub.Recheck()
		}
	}
}

// Guard returns the guard that authorizes the requests to a project.
func (e *Engine) Guard(project string) *guard.Guard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.guard(project)
}

// guard implements [Engine.Guard] under the lock.
func (e *Engine) guard(project string) *guard.Guard {
	g := e.guards[project]
	if g == nil {
		g = guard.New(e.rules, e.options.Logger, e.options.Meter)
		e.guards[project] = g
	}
	return g
}

func (d *Database) authorizeGet(ctx context.Context, caller guard.Caller, v store.View, keys ...resource.Key) error {
	s, err := d.Guard.Begin(d.DB, caller)
	if err != nil || s == nil {
		return err
	}
	defer s.End(ctx)
	return s.AuthorizeGet(ctx, v, keys...)
}

func (d *Database) authorizeList(ctx context.Context, caller guard.Caller, v store.View, q *query.Query) error {
	s, err := d.Guard.Begin(d.DB, caller)
	if err != nil || s == nil {
		return err
	}
	defer s.End(ctx)
	return s.AuthorizeList(ctx, v, q)
}

// requireServer rejects callers other than servers if the project has rules.
func (d *Database) requireServer(ctx context.Context, caller guard.Caller, what string, at resource.Key) error {
	s, err := d.Guard.Begin(d.DB, caller)
	if err != nil || s == nil {
		return err
	}
	defer s.End(ctx)
	return s.RequireServer(what, at)
}

// rollbackNew ends the transaction that a failed read started, because the client never gets its
// ID.
func (d *Database) rollbackNew(id []byte, isNew bool) {
	if isNew {
		d.Txns.Rollback(id)
	}
}
