package wal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
)

// DamageError reports a file whose contents are not what was written.
type DamageError struct {
	File   string
	Offset int64 // of the damaged frame
	Reason string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("log file %s is damaged at byte %d: %s; restore the file from a backup, or move its directory away to start empty",
		e.File, e.Offset, e.Reason)
}

// replayFile calls replay for each record of a file and returns the offset after the last whole
// record. Only a file that may be torn may end in the middle of a record.
func replayFile(name string, torn bool, replay func([]byte) error) (end int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("open log: %w", err)
	}
	defer f.Close()
	r := &reader{name: name, torn: torn, r: bufio.NewReaderSize(f, 1<<18)}
	switch err := r.start(); {
	case err == io.EOF:
		return 0, nil
	case err != nil:
		return 0, err
	}
	for {
		record, err := r.next()
		switch {
		case err == io.EOF:
			return r.end, nil
		case err != nil:
			return r.end, err
		}
		if err := replay(record); err != nil {
			return r.end, fmt.Errorf("log file %s: record at byte %d: %w", name, r.end, err)
		}
		r.end += int64(frameBytes + len(record))
	}
}

// reader reads one file of a log.
type reader struct {
	name   string
	torn   bool // the file may end in the middle of a record
	r      *bufio.Reader
	end    int64 // offset after the last whole record
	record []byte
}

// start reads the magic. It returns io.EOF for a file that was being created when the process died.
func (r *reader) start() error {
	head := make([]byte, len(magic))
	switch _, err := io.ReadFull(r.r, head); {
	case isEnd(err) && r.torn:
		return io.EOF
	case isEnd(err):
		return r.damage("it ends within its first bytes")
	case err != nil:
		return fmt.Errorf("read %s: %w", r.name, err)
	case string(head) != magic:
		return r.damage("it does not start like a log file")
	}
	r.end = int64(len(magic))
	return nil
}

// next returns the next record, which is valid until the next call, or io.EOF at the end of the
// file and at a torn tail.
func (r *reader) next() ([]byte, error) {
	var header [frameBytes]byte
	n, err := io.ReadFull(r.r, header[:])
	switch {
	case err == io.EOF, isEnd(err) && r.torn:
		return nil, io.EOF
	case isEnd(err):
		return nil, r.damage("it ends within a header")
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", r.name, err)
	}
	size, sum, ok := parseHeader(header[:n])
	if !ok {
		if r.torn && zeros(header[:]) && onlyZeros(r.r) {
			return nil, io.EOF // the file's new length reached the disk, its contents did not
		}
		return nil, r.damage("a record's header is invalid")
	}
	r.record = slices.Grow(r.record[:0], size)[:size]
	switch _, err := io.ReadFull(r.r, r.record); {
	case isEnd(err) && r.torn:
		return nil, io.EOF
	case isEnd(err):
		return nil, r.damage("it ends within a record")
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", r.name, err)
	}
	if crc32.Checksum(r.record, castagnoli) != sum {
		return nil, r.damage("a record's checksum is wrong")
	}
	return r.record, nil
}

func (r *reader) damage(reason string) error { return &DamageError{r.name, r.end, reason} }

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// onlyZeros reports whether everything left in r is zero.
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
