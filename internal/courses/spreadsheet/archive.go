package spreadsheet

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxArchiveFiles bounds the files in a zip archive. A workbook with many sheets, pictures and
// comments has a few hundred.
const maxArchiveFiles = 4096

// archive is a zip archive from an untrusted source. It checks what the archive claims before
// anything is unpacked, and package zip fails when a file unpacks to more than its claim, so no
// reader of an archive gets more than the limit in total.
type archive struct {
	ctx   context.Context
	files []*zip.File
}

// openArchive opens a zip archive whose files unpack to at most limit bytes in total.
func openArchive(ctx context.Context, data []byte, limit int64) (*archive, error) {
	// zip.NewReader allocates about 300 bytes for each directory entry, so count those first.
	if n := bytes.Count(data, []byte("PK\x01\x02")); n > maxArchiveFiles {
		return nil, fmt.Errorf("zip: more than %d files: %w", maxArchiveFiles, ErrTooLarge)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, corrupt("zip: %v", err)
	}
	var total uint64
	for _, f := range z.File {
		if total += f.UncompressedSize64; f.UncompressedSize64 > uint64(limit) || total > uint64(limit) {
			return nil, fmt.Errorf("zip: unpacks to more than %d bytes: %w", limit, ErrTooLarge)
		}
	}
	return &archive{ctx: ctx, files: z.File}, nil
}

// open opens the file with this name, ignoring case as spreadsheet programs do. The error is
// fs.ErrNotExist if there is none. Reading ends with the context.
func (a *archive) open(name string) (io.ReadCloser, error) {
	for _, f := range a.files {
		if strings.EqualFold(archiveName(f), name) {
			return a.openFile(f)
		}
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

func (a *archive) openFile(f *zip.File) (io.ReadCloser, error) {
	r, err := f.Open()
	if err != nil {
		return nil, corrupt("zip: %s: %v", archiveName(f), err)
	}
	return struct {
		io.Reader
		io.Closer
	}{contextReader{a.ctx, r}, r}, nil
}

// archiveName returns the name of a file in the archive, with slashes.
func archiveName(f *zip.File) string { return strings.ReplaceAll(f.Name, `\`, "/") }

// contextReader is a reader that fails when the context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
