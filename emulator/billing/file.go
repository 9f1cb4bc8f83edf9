package billing

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"heek.kr/heektime/emulator/clock"
)

// saveInterval is how often a meter with a data folder saves what it has counted, if anything was. A crash
// loses what was counted since.
const saveInterval = 5 * time.Second

// keptMonths is how many months' active users a meter remembers one by one, so that none is counted twice.
const keptMonths = 3

// file is where a meter keeps its counts across restarts.
type file struct {
	path string
	stop chan struct{}
	done sync.WaitGroup
	once sync.Once
	err  error // of Close
}

// contents is the file's JSON.
type contents struct {
	Usage Usage `json:"usage"`
	// Active are the hashes of the active users by month: eight bytes each, in base64.
	Active map[Month]string `json:"active"`
}

// OpenMeter returns a meter that keeps its counts in a folder across restarts. Close it. An empty folder
// keeps them in memory. Levels are not kept: the emulators set them when they start, and time in which the
// cloud does not run is not counted.
func OpenMeter(c *clock.Clock, dir string) (*Meter, error) {
	m := NewMeter(c)
	if dir == "" {
		return m, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the folder of the meter: %w", err)
	}
	path := filepath.Join(dir, "usage.json")
	if err := m.load(path); err != nil {
		return nil, fmt.Errorf("read what was counted earlier, %s: %w; move the file away to count from zero", path, err)
	}
	m.file = &file{path: path, stop: make(chan struct{})}
	m.file.done.Go(m.saveRegularly)
	return m, nil
}

// Close saves what was counted, if anything was. The meter must not be used any more. Further calls return the
// same error.
func (m *Meter) Close() error {
	if m == nil || m.file == nil {
		return nil
	}
	m.file.once.Do(func() {
		close(m.file.stop)
		m.file.done.Wait()
		if m.changed.Load() || m.hasLevels() {
			m.file.err = m.save()
		}
	})
	return m.file.err
}

// saveRegularly saves until the meter is closed. It ignores errors: Close saves once more and reports its own.
func (m *Meter) saveRegularly() {
	for ticker := time.NewTicker(saveInterval); ; {
		select {
		case <-m.file.stop:
			ticker.Stop()
			return
		case <-ticker.C:
			if m.changed.Load() {
				m.save()
			}
		}
	}
}

// hasLevels reports whether anything exists whose time is counted.
func (m *Meter) hasLevels() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.levels) > 0
}

// load reads the file, if there is one.
func (m *Meter) load(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var c contents
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	if err := c.Usage.check(); err != nil {
		return err
	}
	if since := c.Usage.Since; !since.IsZero() && since.Before(m.since) {
		m.since = since
	}
	for _, day := range c.Usage.Days {
		for _, a := range day.Amounts {
			m.counters[a.Item].addOn(day.Date, a.Cause, a.Amount)
		}
	}
	for month, text := range c.Active {
		packed, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(packed)%8 != 0 {
			return fmt.Errorf("the active users of %s are not hashes in base64", month)
		}
		users := map[uint64]struct{}{}
		for ; len(packed) > 0; packed = packed[8:] {
			users[binary.LittleEndian.Uint64(packed)] = struct{}{}
		}
		m.active[month] = users
	}
	return nil
}

// save replaces the file.
func (m *Meter) save() error {
	m.changed.Store(false)
	text, err := json.Marshal(contents{m.Usage(), m.packActive()})
	if err == nil {
		err = replaceFile(m.file.path, text)
	}
	if err != nil {
		m.changed.Store(true)
		return fmt.Errorf("save what was counted: %w", err)
	}
	return nil
}

// packActive returns the hashes of the last months' active users, and forgets those of earlier months.
func (m *Meter) packActive() map[Month]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	months := slices.Sorted(maps.Keys(m.active))
	for _, month := range months[:max(0, len(months)-keptMonths)] {
		delete(m.active, month)
	}
	packed := map[Month]string{}
	for month, users := range m.active {
		var hashes []byte
		for _, hash := range slices.Sorted(maps.Keys(users)) {
			hashes = binary.LittleEndian.AppendUint64(hashes, hash)
		}
		packed[month] = base64.StdEncoding.EncodeToString(hashes)
	}
	return packed
}

// replaceFile replaces a file, or leaves it as it is: the new content is on the disk before the old one goes.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
