package courses

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// readFile reads a file below FilesRoot.
func (f *fetcher) readFile(ctx context.Context, path string) (response, error) {
	if f.cfg.FilesRoot == "" {
		return response{}, invalid("file: URLs are not allowed; set COURSES_FILES to allow them in development")
	}
	file, err := f.openFile(filepath.FromSlash(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return response{}, unexpected("file %s does not exist", truncate(path, 300))
	case err != nil:
		return response{}, unexpected("cannot open file %s: %v", truncate(path, 300), errors.Unwrap(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return response{}, unexpected("%s is not a regular file", truncate(path, 300))
	}
	origin := "file " + truncate(filepath.Base(path), 100)
	f.list.origin = origin
	data, err := f.readAll(file, info.Size())
	f.list.report.Bytes += int64(len(data))
	switch {
	case errors.Is(err, errTooLarge):
		return response{}, f.tooManyBytes(origin)
	case err != nil:
		return response{}, unavailable("cannot read %s: %v", origin, errors.Unwrap(err))
	case len(data) == 0:
		return response{}, damaged("%s is empty", origin)
	}
	data, err = f.gunzip(origin, data)
	return response{ctx: ctx, list: f.list, origin: origin, data: data}, err
}

// openFile opens a file without leaving FilesRoot, even through symbolic links.
func (f *fetcher) openFile(path string) (*os.File, error) {
	if f.cfg.FilesRoot == "/" {
		return os.Open(path)
	}
	relative, err := filepath.Rel(f.cfg.FilesRoot, path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	root, err := os.OpenRoot(f.cfg.FilesRoot)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(relative)
}
