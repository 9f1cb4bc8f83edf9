package firestore

import (
	"fmt"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/rules"
)

// DatabaseConfig is what a database has in place of Config.Rules and Config.Indexes. [Server.SetRules] and
// [Server.SetIndexes] do not change it.
type DatabaseConfig struct {
	// Rules is the text of its firestore.rules file. Nil allows every request.
	Rules []byte
	// Indexes is the text of its firestore.indexes.json file.
	Indexes []byte
}

// ownDatabases compiles Config.Databases.
func (c *Config) ownDatabases() (map[string]service.OwnDatabase, error) {
	own := map[string]service.OwnDatabase{}
	for id, d := range c.Databases {
		var o service.OwnDatabase
		if d.Rules != nil {
			set, warnings, err := rules.Compile("firestore.rules", string(d.Rules))
			if err != nil {
				return nil, fmt.Errorf("firestore: database %s: %w", id, err)
			}
			for _, w := range warnings {
				c.Logger.Info("security rules", "database", id, "issue", w.String())
			}
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
