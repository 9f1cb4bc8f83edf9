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

// content is a sequence of bytes that is written once, sealed, and then read concurrently.
type content interface {
	io.Writer
	seal() error             // ends writing and makes the bytes durable
	open() (readerAt, error) // may be called concurrently
	remove() error           // open readers keep working
	id() string              // its name in the data directory
	discardUnsealed() error  // removes content that will not be sealed
}

type readerAt interface {
	io.ReaderAt
	io.Closer
}

// memoryContent keeps bytes in memory, in blocks, so that a growing upload is not copied
// repeatedly.
type memoryContent struct{ blocks [][]byte }

const blockBytes = 1 << 20

func (m *memoryContent) Write(p []byte) (int, error) {
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

func (m *memoryContent) ReadAt(p []byte, off int64) (int, error) {
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

// seal frees the unused capacity of the last block.
func (m *memoryContent) seal() error {
	if n := len(m.blocks); n > 0 {
		m.blocks[n-1] = bytes.Clone(m.blocks[n-1])
	}
	return nil
}

func (m *memoryContent) open() (readerAt, error) { return m, nil }
func (m *memoryContent) Close() error            { return nil }
func (m *memoryContent) remove() error           { return nil }
func (m *memoryContent) discardUnsealed() error  { m.blocks = nil; return nil }
func (m *memoryContent) id() string              { return "" }

// fileContent keeps bytes in a file of the data directory. The file has its final name from the
// start; [Open] removes content that no object refers to.
type fileContent struct {
	path    string
	writing *os.File // nil once sealed
}

func newFileContent(dir string) (*fileContent, error) {
	var name [16]byte
	rand.Read(name[:]) // never fails (crypto/rand)
	path := filepath.Join(dir, hex.EncodeToString(name[:]))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("creating a content file: %w", err)
	}
	return &fileContent{path: path, writing: f}, nil
}

func (f *fileContent) Write(p []byte) (int, error) { return f.writing.Write(p) }

func (f *fileContent) seal() error {
	err := f.writing.Sync()
	if e := f.writing.Close(); err == nil {
		err = e
	}
	f.writing = nil
	if err == nil {
		err = syncDir(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("syncing content file %s: %w", f.path, err)
	}
	return nil
}

func (f *fileContent) open() (readerAt, error) { return os.Open(f.path) }
func (f *fileContent) remove() error           { return os.Remove(f.path) }
func (f *fileContent) id() string              { return filepath.Base(f.path) }

func (f *fileContent) discardUnsealed() error {
	if f.writing != nil {
		f.writing.Close()
	}
	return os.Remove(f.path)
}
