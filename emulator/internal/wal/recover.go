package wal

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// File names begin with a number of sixteen digits. NUMBER.log is a segment of the log; NUMBER.snap
// is a snapshot that replaces all segments before NUMBER.log. A snapshot that is still being written
// is NUMBER.tmp.
func segmentName(n uint64) string  { return fmt.Sprintf("%016d.log", n) }
func snapshotName(n uint64) string { return fmt.Sprintf("%016d.snap", n) }

// magic begins every file.
const magic = "heekjrn1"

// files lists the numbers of the directory's files with the suffix, in ascending order.
func files(dir, suffix string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, e := range entries {
		if s, ok := strings.CutSuffix(e.Name(), suffix); ok {
			if n, err := strconv.ParseUint(s, 10, 64); err == nil {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// recover replays the last snapshot and the segments after it, and opens the newest segment for
// appending.
func (l *Log) recover(replay func([]byte) error) error {
	snaps, err := files(l.dir, ".snap")
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	segments, err := files(l.dir, ".log")
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	first := uint64(1)
	if len(snaps) > 0 {
		first = snaps[len(snaps)-1]
		name := filepath.Join(l.dir, snapshotName(first))
		if _, err := replayFile(name, false, replay); err != nil {
			return err
		}
	}
	segments = slices.DeleteFunc(segments, func(n uint64) bool { return n < first })
	for i, n := range segments {
		if n != first+uint64(i) {
			return fmt.Errorf("open log: %s is missing", filepath.Join(l.dir, segmentName(first+uint64(i))))
		}
		last := i == len(segments)-1
		name := filepath.Join(l.dir, segmentName(n))
		size, err := replayFile(name, last, replay)
		if err != nil {
			return err
		}
		l.size.Add(max(0, size-int64(len(magic))))
		if !last {
			continue
		}
		if size < int64(len(magic)) { // the process died while creating it
			segments = segments[:i]
			break
		}
		if l.file, err = os.OpenFile(name, os.O_WRONLY, 0); err != nil {
			return fmt.Errorf("open log: %w", err)
		}
		if err := truncate(l.file, size); err != nil {
			return fmt.Errorf("open log: truncate %s at byte %d: %w", name, size, err)
		}
		l.number = n
	}
	if len(segments) == 0 || l.file == nil {
		n := first + uint64(len(segments))
		if err := l.startSegment(n); err != nil {
			return fmt.Errorf("open log: %w", err)
		}
	}
	return removeBefore(l.dir, first)
}

// truncate durably truncates the file to size and seeks to its end.
func truncate(f *os.File, size int64) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end == size {
		return err
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	_, err = f.Seek(size, io.SeekStart)
	return err
}

// removeBefore removes the files that snapshot first replaces, and unfinished snapshots.
func removeBefore(dir string, first uint64) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		s, kind, _ := strings.Cut(e.Name(), ".")
		n, err := strconv.ParseUint(s, 10, 64)
		if err == nil && (kind == "tmp" || n < first && (kind == "log" || kind == "snap")) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
