package wal

import (
	"encoding/binary"
	"hash/crc32"
)

// A frame is a header of 16 bytes and the record: a mark, the record's length, the checksum of these two, the checksum
// of the record. With a header of its own checksum, a length can be trusted: a frame that the file is too short for
// was being written when the process died, and any other misfit is damage.
const (
	frameBytes = 16
	frameMark  = 0x4b454548 // "HEEK"

	// MaxRecord is how long a record may be, in bytes.
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

// parseHeader returns the length and the checksum of the record that follows a header; ok is false for no header.
func parseHeader(h []byte) (size int, sum uint32, ok bool) {
	if binary.LittleEndian.Uint32(h) != frameMark || binary.LittleEndian.Uint32(h[8:]) != crc32.Checksum(h[:8], castagnoli) {
		return 0, 0, false
	}
	n := binary.LittleEndian.Uint32(h[4:])
	return int(n), binary.LittleEndian.Uint32(h[12:]), n <= MaxRecord
}
