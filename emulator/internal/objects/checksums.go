package objects

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksums are the checksums a client sends with an object's bytes. Empty ones are not verified.
type Checksums struct {
	CRC32C string // base64 of 4 bytes, most significant first
	MD5    string // base64 of 16 bytes
}

// Or returns c with empty checksums replaced by those of other.
func (c Checksums) Or(other Checksums) Checksums {
	return Checksums{CRC32C: cmp.Or(c.CRC32C, other.CRC32C), MD5: cmp.Or(c.MD5, other.MD5)}
}

// EncodeCRC32C encodes a checksum as Cloud Storage does: its 4 bytes, most significant first, in
// base64.
func EncodeCRC32C(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// check returns an Invalid [Error] if a checksum does not match the draft's bytes.
func (c Checksums) check(d *Draft) error {
	if got := EncodeCRC32C(d.crc); c.CRC32C != "" && c.CRC32C != got {
		return errorf(Invalid, "Provided CRC32C \"%s\" doesn't match calculated CRC32C \"%s\".", c.CRC32C, got)
	}
	if got := base64.StdEncoding.EncodeToString(d.md5.Sum(nil)); c.MD5 != "" && c.MD5 != got {
		return errorf(Invalid, "Provided MD5 hash \"%s\" doesn't match calculated MD5 hash \"%s\".", c.MD5, got)
	}
	return nil
}
