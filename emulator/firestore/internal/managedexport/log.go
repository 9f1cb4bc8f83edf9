package managedexport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A LevelDB log is a file of blocks, which hold records in fragments.
// Source: https://github.com/google/leveldb/blob/main/doc/log_format.md
const (
	blockBytes  = 32 << 10
	headerBytes = 7 // a checksum, a length and a type
)

// The types of fragments.
const (
	fragmentFull   = 1
	fragmentFirst  = 2
	fragmentMiddle = 3
	fragmentLast   = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns the masked checksum of a fragment.
func checksum(kind byte, data []byte) uint32 {
	sum := crc32.Update(crc32.Checksum([]byte{kind}, castagnoli), castagnoli, data)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// logWriter writes a log.
type logWriter struct {
	to    *bufio.Writer
	block int   // bytes of the current block
	size  int64 // bytes in all
}

func newLogWriter(to io.Writer) *logWriter {
	return &logWriter{to: bufio.NewWriterSize(to, blockBytes)}
}

// write appends a record. Errors come back from flush.
func (w *logWriter) write(record []byte) {
	for first := true; ; first = false {
		if room := blockBytes - w.block; room < headerBytes {
			w.to.Write(make([]byte, room))
			w.size += int64(room)
			w.block = 0
		}
		n := min(len(record), blockBytes-w.block-headerBytes)
		last := n == len(record)
		kind := byte(fragmentMiddle)
		switch {
		case first && last:
			kind = fragmentFull
		case first:
			kind = fragmentFirst
		case last:
			kind = fragmentLast
		}
		header := binary.LittleEndian.AppendUint32(nil, checksum(kind, record[:n]))
		header = append(binary.LittleEndian.AppendUint16(header, uint16(n)), kind)
		w.to.Write(header)
		w.to.Write(record[:n])
		w.block += headerBytes + n
		w.size += int64(headerBytes + n)
		if last {
			return
		}
		record = record[n:]
	}
}

func (w *logWriter) flush() error { return w.to.Flush() }

var errTruncated = errors.New("the file is truncated, or is not a log of LevelDB")

// maxRecord is the size of the largest record that is read. A document has at most 1 MiB.
const maxRecord = 32 << 20

// readLog calls each with every record of a log. The record is valid until each returns.
func readLog(from io.Reader, each func(record []byte) error) error {
	var (
		record []byte
		open   bool // the record goes on
		block  = make([]byte, blockBytes)
	)
	for {
		n, err := io.ReadFull(from, block)
		if n == 0 && err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		rest := block[:n]
		for len(rest) >= headerBytes {
			sum, size, kind := binary.LittleEndian.Uint32(rest), int(binary.LittleEndian.Uint16(rest[4:])), rest[6]
			if kind == 0 && size == 0 && sum == 0 {
				rest = nil
				break // the rest of the block was not used
			}
			if headerBytes+size > len(rest) {
				return errTruncated
			}
			data := rest[headerBytes : headerBytes+size]
			rest = rest[headerBytes+size:]
			if checksum(kind, data) != sum {
				return errors.New("the checksum of a record does not match")
			}
			if kind < fragmentFull || kind > fragmentLast || (kind == fragmentMiddle || kind == fragmentLast) != open {
				return fmt.Errorf("a record's fragment of type %d is out of order", kind)
			}
			if len(record)+size > maxRecord {
				return fmt.Errorf("a record is larger than %d bytes", maxRecord)
			}
			record, open = append(record, data...), kind == fragmentFirst || kind == fragmentMiddle
			if open {
				continue
			}
			if err := each(record); err != nil {
				return err
			}
			record = record[:0]
		}
		if n < blockBytes && len(rest) > 0 {
			return errTruncated
		}
		if n < blockBytes {
			break
		}
	}
	if open {
		return errors.New("the file ends in the middle of a record")
	}
	return nil
}
