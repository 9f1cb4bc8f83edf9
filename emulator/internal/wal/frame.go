package wal

import (
	"encoding/binary"
	"hash/crc32"
)

// A frame is a 16-byte header followed by the record. The header is a mark, the record's length,
// the checksum of those two, and the record's checksum. Because the header has its own checksum, its
// length can be trusted: a frame that extends past the end of the file was being written when the
// process died; any other mismatch is damage.
const (
	frameBytes = 16
	frameMark  = 0x4b454548 // "HEEK"

	// MaxRecord is the maximum length of a record in bytes.
	MaxRecord = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendFrame(b, record []byte) []byte {
	n := len(b)
	b = binary.LittleEndian.AppendUint32(b, frameMark)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[n:n+8], castagnoli))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(record, castagnoli))
	return append(b, record...)
}

// parseHeader returns the length and the checksum of the record that follows the header; ok is
// false if h is not a header.
func parseHeader(h []byte) (size int, sum uint32, ok bool) {
	if binary.LittleEndian.Uint32(h) != frameMark || binary.LittleEndian.Uint32(h[8:]) != crc32.Checksum(h[:8], castagnoli) {
		return 0, 0, false
	}
	n := binary.LittleEndian.Uint32(h[4:])
	return int(n), binary.LittleEndian.Uint32(h[12:]), n <= MaxRecord
}
