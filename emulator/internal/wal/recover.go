package wal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Files are named by a number of sixteen digits: NUMBER.log are records; NUMBER.snap are the records that stand for
// all that came before NUMBER.log. A snapshot is NUMBER.tmp until it is whole.
func logName(n uint64) string  { return fmt.Sprintf("%016d.log", n) }
func snapName(n uint64) string { return fmt.Sprintf("%016d.snap", n) }

// magic begins every file.
const magic = "heekjrn1"

// DamageError says where a file does not hold what was written.
type DamageError struct {
	File   string
	Offset int64 // of the frame that is damaged
	Reason string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("journal file %s is damaged at byte %d: %s; restore the file from a copy, or move its directory away to begin empty",
		e.File, e.Offset, e.Reason)
}

// files lists the numbers of the directory's files with a suffix, ascending.
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

// recover replays the last snapshot and the logs from then on, and opens the newest log for appending.
func (j *Log) recover(replay func([]byte) error) error {
	snaps, err := files(j.dir, ".snap")
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	logs, err := files(j.dir, ".log")
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	first := uint64(1)
	if len(snaps) > 0 {
		first = snaps[len(snaps)-1]
		name := filepath.Join(j.dir, snapName(first))
		if _, err := replayFile(name, false, replay); err != nil {
			return err
		}
	}
	logs = slices.DeleteFunc(logs, func(n uint64) bool { return n < first })
	for i, n := range logs {
		if n != first+uint64(i) {
			return fmt.Errorf("open journal: %s is missing", filepath.Join(j.dir, logName(first+uint64(i))))
		}
		last := i == len(logs)-1
		name := filepath.Join(j.dir, logName(n))
		size, err := replayFile(name, last, replay)
		if err != nil {
			return err
		}
		j.size.Add(max(0, size-int64(len(magic))))
		if !last {
			continue
		}
		if size < int64(len(magic)) { // died while it was made
			logs = logs[:i]
			break
		}
		if j.file, err = os.OpenFile(name, os.O_WRONLY, 0); err != nil {
			return fmt.Errorf("open journal: %w", err)
		}
		if err := cutFile(j.file, size); err != nil {
			return fmt.Errorf("open journal: cut %s at byte %d: %w", name, size, err)
		}
		j.number = n
	}
	if len(logs) == 0 || j.file == nil {
		n := first + uint64(len(logs))
		if err := j.startLog(n); err != nil {
			return fmt.Errorf("open journal: %w", err)
		}
	}
	return removeBefore(j.dir, first)
}

// cutFile ends the file at size, durably, and goes there.
func cutFile(f *os.File, size int64) error {
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

// removeBefore removes files that a snapshot stands for, and unfinished snapshots.
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

// replayFile hands the file's records to replay and returns where the last whole one ends. Only a file that may be
// torn may end in the middle of a record.
func replayFile(name string, torn bool, replay func([]byte) error) (end int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("open journal: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<18)
	damage := func(reason string) (int64, error) { return end, &DamageError{name, end, reason} }
	head := make([]byte, len(magic))
	switch _, err := io.ReadFull(r, head); {
	case isEnd(err) && torn: // it was being made
		return 0, nil
	case isEnd(err):
		return damage("it ends in its first bytes")
	case err != nil:
		return 0, fmt.Errorf("read %s: %w", name, err)
	case string(head) != magic:
		return damage("it does not begin as a journal file")
	}
	end = int64(len(magic))
	var header [frameBytes]byte
	var record []byte
	for {
		n, err := io.ReadFull(r, header[:])
		switch {
		case err == io.EOF:
			return end, nil
		case isEnd(err) && torn:
			return end, nil
		case isEnd(err):
			return damage("it ends within a header")
		case err != nil:
			return end, fmt.Errorf("read %s: %w", name, err)
		}
		size, sum, ok := parseHeader(header[:n])
		if !ok {
			if torn && zeros(header[:]) && onlyZeros(r) {
				return end, nil // the file's length reached the disk, its end did not
			}
			return damage("the header of a record is not right")
		}
		record = slices.Grow(record[:0], size)[:size]
		if _, err = io.ReadFull(r, record); isEnd(err) {
			if torn {
				return end, nil
			}
			return damage("it ends within a record")
		} else if err != nil {
			return end, fmt.Errorf("read %s: %w", name, err)
		}
		if crc32.Checksum(record, castagnoli) != sum {
			return damage("the checksum of a record is not right")
		}
		if err := replay(record); err != nil {
			return end, fmt.Errorf("journal file %s: record at byte %d: %w", name, end, err)
		}
		end += int64(frameBytes + size)
	}
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// onlyZeros reports whether nothing but zeros is left.
func onlyZeros(r io.Reader) bool {
	buf := make([]byte, 1<<16)
	for {
		n, err := r.Read(buf)
		if !zeros(buf[:n]) {
			return false
		}
		if err != nil {
			return err == io.EOF
		}
	}
}
