package managedexport

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// Records of all sizes around a block's come back, and every damaged byte is found.
func TestLog(t *testing.T) {
	for _, sizes := range [][]int{
		{0}, {1}, {0, 0, 0}, {blockBytes - headerBytes}, {blockBytes - headerBytes - 1, 5}, {blockBytes - 2*headerBytes, 0, 3},
		{blockBytes - headerBytes - 6, 1}, {blockBytes}, {70_000, 1}, {3 * blockBytes},
	} {
		var file bytes.Buffer
		w := newLogWriter(&file)
		for i, n := range sizes {
			w.write(bytes.Repeat([]byte{byte('a' + i)}, n))
		}
		if err := w.flush(); err != nil || int64(file.Len()) != w.size {
			t.Fatalf("%v: %d bytes, counted %d, %v", sizes, file.Len(), w.size, err)
		}
		var got []int
		err := readLog(bytes.NewReader(file.Bytes()), func(record []byte) error {
			if len(record) > 0 && (record[0] != byte('a'+len(got)) || record[len(record)-1] != record[0]) {
				t.Errorf("%v: record %d is another one", sizes, len(got))
			}
			got = append(got, len(record))
			return nil
		})
		if err != nil || !slices.Equal(got, sizes) {
			t.Errorf("%v: %v, %v", sizes, got, err)
		}
	}
}

func TestDamagedLog(t *testing.T) {
	var file bytes.Buffer
	w := newLogWriter(&file)
	w.write([]byte("a record"))
	w.write([]byte(strings.Repeat("b", blockBytes)))
	w.flush()
	read := func(b []byte) error { return readLog(bytes.NewReader(b), func([]byte) error { return nil }) }
	if err := read(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 3, 4, 6, 8, 20, 40, blockBytes + 3, file.Len() - 1} {
		b := bytes.Clone(file.Bytes())
		b[at] ^= 0x40
		if read(b) == nil {
			t.Errorf("byte %d is damaged, and nobody notices", at)
		}
	}
	for _, n := range []int{10, 14, 16, blockBytes, blockBytes + 4, file.Len() - 1} {
		if read(file.Bytes()[:n]) == nil {
			t.Errorf("only %d bytes of %d are there, and nobody notices", n, file.Len())
		}
	}
}

// The checksum is the one of the format: the masked CRC-32C of the type and the data.
func TestChecksum(t *testing.T) {
	// The CRC-32C of "123456789" is e3069283, as RFC 3720 has it.
	crc := uint32(0xe3069283)
	want := (crc>>15 | crc<<17) + 0xa282ead8
	if got := checksum('1', []byte("23456789")); got != want {
		t.Errorf("%x, want %x", got, want)
	}
	var file bytes.Buffer
	w := newLogWriter(&file)
	w.write([]byte{formatVersion})
	w.flush()
	// As every export of the official emulator begins.
	if got := file.Bytes()[4:]; !bytes.Equal(got, []byte{1, 0, fragmentFull, formatVersion}) || binary.LittleEndian.Uint32(file.Bytes()) != checksum(fragmentFull, []byte{formatVersion}) {
		t.Errorf("%x", file.Bytes())
	}
}
