package courses

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
)

var errTooLarge = errors.New("too large")

// readAll reads up to MaxBytes and returns errTooLarge if there is more. sizeHint is the expected
// size.
func (f *fetcher) readAll(r io.Reader, sizeHint int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, min(sizeHint, f.cfg.MaxBytes)+bytes.MinRead))
	_, err := buf.ReadFrom(io.LimitReader(r, f.cfg.MaxBytes+1))
	if err == nil && int64(buf.Len()) > f.cfg.MaxBytes {
		err = errTooLarge
	}
	return buf.Bytes(), err
}

// gunzip decompresses data that is compressed in transfer, as a file, or both.
func (f *fetcher) gunzip(origin string, data []byte) ([]byte, error) {
	for range 2 {
		if !bytes.HasPrefix(data, []byte("\x1f\x8b")) {
			return data, nil
		}
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err == nil {
			// Gzip data ends with its uncompressed size. As a hint, it saves growing the buffer.
			data, err = f.readAll(z, int64(binary.LittleEndian.Uint32(data[len(data)-4:])))
		}
		switch {
		case errors.Is(err, errTooLarge):
			return nil, f.tooManyBytes(origin)
		case err != nil:
			return nil, damaged("%s sent corrupt gzip data: %v", origin, err)
		}
	}
	return data, nil
}
