package objects

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
)

// encodeChecked encodes v as JSON after a line with a checksum.
func encodeChecked(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x\n%s\n", crc32.Checksum(body, castagnoli), body), nil
}

// readChecked reads a file made by encodeChecked into v. Its errors name the file.
func readChecked(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, body, ok := bytes.Cut(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n"))
	want, err := strconv.ParseUint(string(head), 16, 32)
	if !ok || err != nil {
		return fmt.Errorf("%s is damaged: its first line is not a checksum", path)
	}
	if got := crc32.Checksum(body, castagnoli); got != uint32(want) {
		return fmt.Errorf("%s is damaged: its checksum is %08x, but its first line says %08x", path, got, want)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%s cannot be read by this version: %w", path, err)
	}
	return nil
}

// writeDurably writes a file and syncs it. The file's name is durable only after [syncDir].
func writeDurably(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
