package rules

import (
	"crypto/md5" //nolint:gosec // part of the language
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
)

// hashingFunctions are the functions of
// https://firebase.google.com/docs/reference/rules/rules.hashing. They accept bytes or a string and
// return bytes. The bytes of a CRC start with the least significant one, as those of Guava's HashCode do
// (https://guava.dev/releases/snapshot-jre/api/docs/com/google/common/hash/HashCode.html#asBytes()).
var hashingFunctions = map[string]*builtin{
	"crc32":  hashing(func(b []byte) []byte { return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }),
	"crc32c": hashing(func(b []byte) []byte { return binary.LittleEndian.AppendUint32(nil, crc32.Checksum(b, castagnoli)) }),
	"md5":    hashing(func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
	"sha256": hashing(func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func hashing(sum func([]byte) []byte) *builtin {
	return &builtin{1, 1, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		if v := args[0]; v.kind == KindBytes || v.kind == KindString {
			return BytesValue(string(sum([]byte(v.text()))))
		}
		return unsupported(e, e.name, args[0])
	}), setOf(KindBytes)}
}
