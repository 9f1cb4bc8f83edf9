package service

import (
	"strings"
	"sync/atomic"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/internal/resource"
)

// OwnDatabase is what a database has in place of the rules and indexes of its project.
type OwnDatabase struct {
	Rules   *guard.ActiveRules // nil allows everything
	Indexes *index.Definitions // nil if indexes are not checked
}

// own returns what a database has of its own.
func (e *Engine) own(name resource.Database) (OwnDatabase, bool) {
	_, id, _ := strings.Cut(string(name), "/databases/")
	o, ok := e.options.Databases[id]
	return o, ok
}

// SetDatabaseRules replaces the rules of the databases with an ID, in all projects, if they have some of their own.
func (e *Engine) SetDatabaseRules(id string, rules *guard.ActiveRules) {
	e.mu.Lock()
	defer e.mu.Unlock()
	o, ok := e.options.Databases[id]
	if !ok {
		return
	}
	o.Rules = rules
	e.options.Databases[id] = o
	for name, g := range e.guards {
		if strings.HasSuffix(name, "/databases/"+id) {
			g.Set(rules)
		}
	}
	for name, d := range e.dbs {
		if strings.HasSuffix(string(name), "/databases/"+id) {
			d.Hub.Recheck()
		}
	}
}

// guardOf returns the guard of a database, under the lock.
func (e *Engine) guardOf(name resource.Database) *guard.Guard {
	o, ok := e.own(name)
	if !ok {
		return e.guard(name.Project())
	}
	g := e.guards[string(name)]
	if g == nil {
		g = guard.New(o.Rules, e.options.Logger, e.options.Meter)
		e.guards[string(name)] = g
	}
	return g
}

// indexesOf returns where the index definitions of a database are.
func (e *Engine) indexesOf(name resource.Database) *atomic.Pointer[index.Definitions] {
	o, ok := e.own(name)
	if !ok {
		return &e.indexes
	}
	var own atomic.Pointer[index.Definitions]
	own.Store(o.Indexes)
	return &own
}

// OwnGuards returns the guards of a project's databases that have rules of their own.
func (e *Engine) OwnGuards(project string) []*guard.Guard {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var all []*guard.Guard
	for name, g := range e.guards {
		if strings.HasPrefix(name, "projects/"+project+"/databases/") {
			all = append(all, g)
		}
	}
	return all
}
