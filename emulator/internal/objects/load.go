package objects

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// load reads the directory into s. It changes nothing on disk until everything is verified; then it
// removes the leftovers of unfinished writes.
func (d *disk) load(s *Store) error {
	if err := readChecked(d.generationPath(), &d.deleted); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s.last = d.deleted
	l := loader{disk: d, store: s, blobs: map[string]*blob{}}
	dirs, err := os.ReadDir(d.bucketsDir())
	if err != nil {
		return fmt.Errorf("reading the storage data directory: %w", err)
	}
	for _, dir := range dirs {
		if err := l.loadBucket(filepath.Join(d.bucketsDir(), dir.Name())); err != nil {
			return err
		}
	}
	contents, err := os.ReadDir(d.contentDir())
	if err != nil {
		return fmt.Errorf("reading the storage data directory: %w", err)
	}
	for _, c := range contents {
		if l.blobs[c.Name()] == nil {
			l.leftovers = append(l.leftovers, filepath.Join(d.contentDir(), c.Name()))
		}
	}
	for _, path := range l.leftovers {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing a leftover of an unfinished write: %w", err)
		}
	}
	return nil
}

// loader reads a data directory.
type loader struct {
	disk      *disk
	store     *Store
	blobs     map[string]*blob // by the name of the content file
	leftovers []string
}

func (l *loader) loadBucket(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading a bucket: %w", err)
	}
	var named []string
	hasBucket := false
	for _, e := range entries {
		switch path := filepath.Join(dir, e.Name()); {
		case strings.HasSuffix(path, tempSuffix):
			l.leftovers = append(l.leftovers, path)
		case e.Name() == bucketFile:
			hasBucket = true
		default:
			named = append(named, path)
		}
	}
	if !hasBucket {
		if len(named) > 0 {
			return fmt.Errorf("%s is damaged: it has objects, but no %s", dir, bucketFile)
		}
		l.leftovers = append(l.leftovers, dir) // its creation or removal was interrupted
		return nil
	}
	b := &bucket{}
	if err := readChecked(filepath.Join(dir, bucketFile), &b.Bucket); err != nil {
		return err
	}
	for _, path := range named {
		if err := l.loadObject(b, path); err != nil {
			return err
		}
	}
	l.store.buckets.Set(b.Name, b)
	return nil
}

func (l *loader) loadObject(b *bucket, path string) error {
	var f objectFile
	if err := readChecked(path, &f); err != nil {
		return err
	}
	if path != l.disk.objectPath(b.Name, f.Name) {
		return fmt.Errorf("%s is damaged: it describes object %s/%s, which belongs in another file", path, f.Bucket, f.Name)
	}
	bl := l.blobs[f.Content]
	if bl == nil {
		c := &fileContent{path: filepath.Join(l.disk.contentDir(), filepath.Base(f.Content))}
		if err := verify(c.path, f.Object); err != nil {
			return err
		}
		bl = &blob{content: c}
		l.blobs[f.Content] = bl
	}
	bl.refs++
	b.objects.Set(f.Name, &record{Object: f.Object, blob: bl})
	l.store.last = max(l.store.last, f.Generation)
	return nil
}

// verify checks a content file against the size and checksum of its object.
func verify(path string, o Object) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("the content of object %s/%s is missing: %w", o.Bucket, o.Name, err)
	}
	defer f.Close()
	sum := crc32.New(castagnoli)
	size, err := io.Copy(sum, f)
	if err != nil {
		return fmt.Errorf("reading the content of object %s/%s: %w", o.Bucket, o.Name, err)
	}
	if size != o.Size || sum.Sum32() != o.CRC32C {
		return fmt.Errorf("%s is damaged: object %s/%s has %d bytes with crc32c %08x, the file %d with %08x",
			path, o.Bucket, o.Name, o.Size, o.CRC32C, size, sum.Sum32())
	}
	return nil
}
