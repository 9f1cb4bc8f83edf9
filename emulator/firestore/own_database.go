package firestore

import (
	"fmt"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/rules"
)

// DatabaseConfig is what a database has in place of Config.Rules and Config.Indexes. [Server.SetRules] and
// [Server.SetIndexes] do not change it; [Server.SetDatabaseRules] does.
type DatabaseConfig struct {
	// Rules is the text of its firestore.rules file. Nil allows every request.
	Rules []byte
	// Indexes is the text of its firestore.indexes.json file.
	Indexes []byte
}

// SetDatabaseRules replaces the rules of a database in Config.Databases, as [Server.SetRules] does a project's.
func (s *Server) SetDatabaseRules(database string, text []byte) (warnings []rules.Issue, err error) {
	set, warnings, err := rules.CompileFor(rules.Firestore, "firestore.rules", string(text))
	if err != nil {
		return warnings, fmt.Errorf("firestore: database %s: %w", database, err)
	}
	s.engine.SetDatabaseRules(database, guard.NewActiveRules(set))
	return warnings, nil
}

// ownDatabases compiles Config.Databases.
func (c *Config) ownDatabases() (map[string]service.OwnDatabase, error) {
	own := map[string]service.OwnDatabase{}
	for id, d := range c.Databases {
		var o service.OwnDatabase
		if d.Rules != nil {
			set, warnings, err := rules.CompileFor(rules.Firestore, "firestore.rules", string(d.Rules))
			if err != nil {
				return nil, fmt.Errorf("firestore: database %s: %w", id, err)
			}
			rules.Log(c.Logger, warnings, "database", id)
			o.Rules = guard.NewActiveRules(set)
		}
		if !c.AllowUnindexed {
			var err error
			if o.Indexes, err = index.Parse(d.Indexes); err != nil {
				return nil, fmt.Errorf("firestore: database %s: %w", id, err)
			}
		}
		own[id] = o
	}
	return own, nil
}
