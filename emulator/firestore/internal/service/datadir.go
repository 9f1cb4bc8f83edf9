package service

import (
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
	"heek.kr/heektime/emulator/internal/wal"
)

// dir returns the directory of a database, {data}/{project}/{database}.
func (e *Engine) dir(name resource.Database) string {
	return filepath.Join(e.options.DataDir, name.Project(), name.ID())
}

// openAll loads every database in the data directory, so that damage is reported at startup.
func (e *Engine) openAll() error {
	if err := os.MkdirAll(e.options.DataDir, 0o777); err != nil {
		return fmt.Errorf("create the data directory: %w", err)
	}
	lock, err := wal.Lock(e.options.DataDir)
	if err != nil {
		return err
	}
	e.lock = lock
	dirs, err := filepath.Glob(filepath.Join(e.options.DataDir, "*", "*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		project, id := filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
		name, err := resource.ParseDatabase("projects/" + project + "/databases/" + id)
		if err != nil {
			return fmt.Errorf("%s is not a database's directory: %w", dir, err)
		}
		if e.dbs[name], err = e.open(name); err != nil {
			delete(e.dbs, name)
			e.Close()
			return err
		}
	}
	return nil
}

// waitDurable returns when all commits in a snapshot are durable. It is called before every
// response, so that clients never see a state that a crash could undo.
func (d *Database) waitDurable(s *store.Snapshot) error {
	if d.log == nil {
		return nil
	}
	if err := d.log.Wait(s); err != nil {
		return notWritable(err)
	}
	return nil
}

func notWritable(err error) error {
	return status.Errorf(codes.Unavailable, "The database cannot be written to disk, so it is read-only until the emulator is restarted: %v", err)
}

// lastDurable returns the state that readers see after the log has failed, and nil while it works.
func (d *Database) lastDurable() *store.Snapshot {
	if d.log == nil {
		return nil
	}
	s, _ := d.log.Stopped()
	return s
}

// checkWritable returns UNAVAILABLE once the log has failed.
func (d *Database) checkWritable() error {
	if d.log == nil {
		return nil
	}
	if _, err := d.log.Stopped(); err != nil {
		return notWritable(err)
	}
	return nil
}

// Read returns the newest state, or the last durable one once the log has failed.
func (d *Database) Read() store.View {
	if s := d.lastDurable(); s != nil {
		return s.Latest()
	}
	return d.DB.Read()
}

// ViewAt returns the state at a time, as [store.DB.ViewAt] does, but none after the last durable one once
// the log has failed.
func (d *Database) ViewAt(t value.Micros) (store.View, error) {
	v, err := d.DB.ViewAt(t)
	if s := d.lastDurable(); s != nil && err == nil {
		v = s.At(t).WithReadTime(t)
	}
	return v, err
}
