package objects

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// content is a sequence of bytes: written once from the start, sealed, then read by many.
type content interface {
	io.Writer
	seal() error             // after it nothing is written, and the bytes survive a crash
	open() (readerAt, error) // may be called many times, also while others read
	remove() error           // readers that are open may go on
	id() string              // names it in the data directory
	discardUnsealed() error  // gives up a content that will not be sealed
}

type readerAt interface {
	io.ReaderAt
	io.Closer
}

// memory keeps bytes in blocks, so that a large upload is not copied again and again while it grows.
type memory struct{ blocks [][]byte }

const blockBytes = 1 << 20

func (m *memory) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		if n := len(m.blocks); n == 0 || len(m.blocks[n-1]) == blockBytes {
			m.blocks = append(m.blocks, nil)
		}
		last := &m.blocks[len(m.blocks)-1]
		n := min(len(p), blockBytes-len(*last))
		*last = append(*last, p[:n]...)
		p = p[n:]
	}
	return written, nil
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	read := 0
	for read < len(p) {
		i, from := int(off/blockBytes), int(off%blockBytes)
		if i >= len(m.blocks) || from >= len(m.blocks[i]) {
			return read, io.EOF
		}
		n := copy(p[read:], m.blocks[i][from:])
		read, off = read+n, off+int64(n)
	}
	return read, nil
}

// seal gives back what the last block has spare.
func (m *memory) seal() error {
	if n := len(m.blocks); n > 0 {
		m.blocks[n-1] = bytes.Clone(m.blocks[n-1])
	}
	return nil
}

func (m *memory) open() (readerAt, error) { return m, nil }
func (m *memory) Close() error            { return nil }
func (m *memory) remove() error           { return nil }
func (m *memory) discardUnsealed() error  { m.blocks = nil; return nil }
func (m *memory) id() string              { return "" }

// file keeps bytes in a file of the data directory. It has its last name from the start: what nothing names is
// removed when the store is opened.
type file struct {
	path    string
	writing *os.File // nil once sealed
}

func newFile(dir string) (*file, error) {
	var name [16]byte
	rand.Read(name[:]) // never fails (crypto/rand)
	path := filepath.Join(dir, hex.EncodeToString(name[:]))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("starting an object's content: %w", err)
	}
	return &file{path: path, writing: f}, nil
}

func (f *file) Write(p []byte) (int, error) { return f.writing.Write(p) }

func (f *file) seal() error {
	err := f.writing.Sync()
	if e := f.writing.Close(); err == nil {
		err = e
	}
	f.writing = nil
	if err == nil {
		err = syncDir(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("making content durable: %w", err)
	}
	return nil
}

func (f *file) open() (readerAt, error) { return os.Open(f.path) }
func (f *file) remove() error           { return os.Remove(f.path) }
func (f *file) id() string              { return filepath.Base(f.path) }

func (f *file) discardUnsealed() error {
	if f.writing != nil {
		f.writing.Close()
	}
	return os.Remove(f.path)
}
