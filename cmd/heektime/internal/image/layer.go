package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// epoch is the time of everything in an image: the time of the build would make every build differ.
var epoch = time.Unix(0, 0).UTC()

// file is a file of an image.
type file struct {
	// Path is absolute.
	Path string
	// Mode has no write permission: a service does not change its image.
	Mode    int64
	Content []byte
}

// newLayer packs files, and the folders above them, into a layer. Everything belongs to root, so the
// service, which runs as another user, can read it and nothing else.
//
// The files are compressed by a module of go.mod, not by the standard library, whose output may
// change with the version of Go that this command is built with.
func newLayer(files ...file) (v1.Layer, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress a layer: %w", err)
	}
	if err := writeTar(zip, files); err != nil {
		return nil, fmt.Errorf("pack a layer: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("compress a layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("read back a layer: %w", err)
	}
	return layer, nil
}

// writeTar writes files in the order of their paths, each folder before its files.
func writeTar(w io.Writer, files []file) error {
	archive := tar.NewWriter(w)
	folders := map[string]bool{}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range files {
		for _, folder := range foldersAbove(f.Path) {
			if folders[folder] {
				continue
			}
			folders[folder] = true
			if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, ModTime: epoch}); err != nil {
				return err
			}
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.Path, "/"), Mode: f.Mode, Size: int64(len(f.Content)), ModTime: epoch}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.Content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// foldersAbove returns the folders that contain an absolute path, outermost first, without the root.
func foldersAbove(file string) (folders []string) {
	for dir := path.Dir(file); dir != "/"; dir = path.Dir(dir) {
		folders = append(folders, strings.TrimPrefix(dir, "/"))
	}
	slices.Reverse(folders)
	return folders
}
