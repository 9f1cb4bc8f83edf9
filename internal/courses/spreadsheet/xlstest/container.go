package xlstest

import (
	"encoding/binary"
	"unicode/utf16"
)

// Container wraps a workbook's stream as an OLE2 file with sectors of 512 bytes.
func Container(stream []byte) []byte {
	const (
		sector     = 512
		endOfChain = 0xFFFFFFFE
		fatSector  = 0xFFFFFFFD
		free       = 0xFFFFFFFF
	)
	for len(stream) < 4096 || len(stream)%sector != 0 { // the format stores smaller streams differently
		stream = append(stream, 0)
	}
	data := len(stream) / sector
	fats := 1
	for fats*(sector/4) < fats+1+data {
		fats++
	}
	if fats > 109 {
		panic("xlstest: files over 7 MB are not supported")
	}
	header := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 16)...)
	for _, v := range []uint16{0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0} {
		header = append(header, Le16(v)...)
	}
	for _, v := range []uint32{0, uint32(fats), uint32(fats), 0, 4096, endOfChain, 0, endOfChain, 0} {
		header = append(header, Le32(v)...)
	}
	for i := range 109 {
		v := uint32(free)
		if i < fats {
			v = uint32(i)
		}
		header = append(header, Le32(v)...)
	}
	var fat []byte
	for range fats {
		fat = append(fat, Le32(fatSector)...)
	}
	fat = append(fat, Le32(endOfChain)...)
	for i := range data {
		next := uint32(fats + 1 + i + 1)
		if i == data-1 {
			next = endOfChain
		}
		fat = append(fat, Le32(next)...)
	}
	for len(fat) < fats*sector {
		fat = append(fat, Le32(free)...)
	}
	file := append(header, fat...)
	file = append(file, directoryEntry("Root Entry", 5, 1, endOfChain, 0)...)
	file = append(file, directoryEntry("Workbook", 2, free, uint32(fats+1), uint64(len(stream)))...)
	for range 2 {
		file = append(file, directoryEntry("", 0, free, 0, 0)...)
	}
	return append(file, stream...)
}

// directoryEntry returns one entry of the container's directory.
func directoryEntry(name string, kind byte, child, start uint32, size uint64) []byte {
	e := make([]byte, 128)
	units := utf16.Encode([]rune(name))
	for i, u := range units {
		binary.LittleEndian.PutUint16(e[2*i:], u)
	}
	if name != "" {
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(units)+2))
	}
	e[66], e[67] = kind, 1
	binary.LittleEndian.PutUint32(e[68:], 0xFFFFFFFF)
	binary.LittleEndian.PutUint32(e[72:], 0xFFFFFFFF)
	binary.LittleEndian.PutUint32(e[76:], child)
	binary.LittleEndian.PutUint32(e[116:], start)
	binary.LittleEndian.PutUint64(e[120:], size)
	return e
}
