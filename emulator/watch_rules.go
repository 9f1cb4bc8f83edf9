package emulator

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// watchedRules is a file with rules and who uses it.
type watchedRules struct {
	path string
	text []byte
	set  func(text []byte) ([]rules.Issue, error)
}

// WatchRules looks once a second, until ctx ends, whether a file with rules that [Config.UseProject] has read has
// changed, and if so makes its rules those in use. Rules with an error do not replace those before them. It calls say
// with what it has done.
func (c *Cloud) WatchRules(ctx context.Context, say func(sentence string)) {
	watched := c.watchedRules()
	if len(watched) == 0 {
		return
	}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		for _, w := range watched {
			w.look(say)
		}
	}
}

// watchedRules returns the files with rules of the project, in what they contain since the start.
func (c *Cloud) watchedRules() (all []*watchedRules) {
	add := func(path string, text []byte, set func([]byte) ([]rules.Issue, error)) {
		if path != "" {
			all = append(all, &watchedRules{path, text, set})
		}
	}
	cfg := c.rulesConfig
	file := cfg.file
	add(file.Rules, cfg.Rules, func(text []byte) ([]rules.Issue, error) { return c.Firestore.SetRules("", text) })
	for id, d := range file.Databases {
		add(d.Rules, cfg.Databases[id].Rules, func(text []byte) ([]rules.Issue, error) { return c.Firestore.SetDatabaseRules(id, text) })
	}
	add(file.StorageRules, cfg.StorageRules, func(text []byte) ([]rules.Issue, error) { return c.Storage.SetRules("", text) })
	for bucket, path := range file.BucketRules {
		add(path, cfg.BucketRules[bucket], func(text []byte) ([]rules.Issue, error) { return c.Storage.SetRules(bucket, text) })
	}
	return all
}

// look reads the file and sets its rules if they are others than before. A file that is missing is one that an editor is
// about to replace.
func (w *watchedRules) look(say func(string)) {
	text, err := os.ReadFile(w.path)
	if err != nil || bytes.Equal(text, w.text) {
		return
	}
	w.text = text
	warnings, err := w.set(text)
	if err != nil {
		say(fmt.Sprintf("%s has changed, but the rules before stay in use: %v", w.path, err))
		return
	}
	say("reloaded " + w.path)
	for _, issue := range warnings {
		if issue.IsMistake() {
			say(issue.String())
		}
	}
}
