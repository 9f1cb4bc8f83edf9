package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// disk is a data directory. A nil disk stores nothing. Callers of its methods hold Store.commit.
type disk struct {
	root string
	lock *os.File
	// broken is set when it is unknown whether the last change reached the disk. Further writes
	// then fail: the directory is consistent, but its contents are known only after it is read
	// again.
	broken error
	// deleted is the highest generation ever deleted, as stored in the file "generation".
	deleted int64
}

const (
	bucketFile = "bucket.json"
	tempSuffix = ".tmp"
)

// objectFile is the content of an object's metadata file.
type objectFile struct {
	Object
	Content string
}

func openDisk(root string) (*disk, error) {
	d := &disk{root: root}
	for _, dir := range []string{root, d.contentDir(), d.bucketsDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("creating the storage data directory: %w", err)
		}
	}
	for _, dir := range []string{root, filepath.Dir(root)} {
		if err := syncDir(dir); err != nil {
			return nil, fmt.Errorf("syncing the storage data directory: %w", err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(root, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the storage data directory: %w", err)
	}
	if err := lockFile(lock); err != nil {
		lock.Close()
		return nil, fmt.Errorf("%s is in use by another process; stop it, or choose another data directory: %w", root, err)
	}
	d.lock = lock
	return d, nil
}

func (d *disk) contentDir() string     { return filepath.Join(d.root, "content") }
func (d *disk) bucketsDir() string     { return filepath.Join(d.root, "buckets") }
func (d *disk) generationPath() string { return filepath.Join(d.root, "generation") }

// objectPath returns the path of an object's metadata file. It contains a hash because object names
// can be longer than file names and contain other characters.
func (d *disk) objectPath(bucket, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(d.bucketsDir(), bucket, hex.EncodeToString(sum[:])+".json")
}

func (d *disk) close() error {
	if d == nil {
		return nil
	}
	return d.lock.Close()
}

// checkUsable returns an error if the disk is broken.
func (d *disk) checkUsable() error {
	if d == nil || d.broken == nil {
		return nil
	}
	return fmt.Errorf("%s accepts no more writes; restart the emulator: %w", d.root, d.broken)
}

func (d *disk) saveObject(r *record) error {
	if d == nil {
		return nil
	}
	return d.save(d.objectPath(r.Bucket, r.Name), objectFile{r.Object, r.blob.content.id()})
}

// removeObject records the generation first, so that it is not assigned again after a restart.
func (d *disk) removeObject(r *record) error {
	if d == nil {
		return nil
	}
	if r.Generation > d.deleted {
		if err := d.save(d.generationPath(), r.Generation); err != nil {
			return err
		}
		d.deleted = r.Generation
	}
	return d.removeDurably(d.objectPath(r.Bucket, r.Name))
}

func (d *disk) saveBucket(b Bucket) error {
	if d == nil {
		return nil
	}
	dir := filepath.Join(d.bucketsDir(), b.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("saving bucket %s: %w", b.Name, err)
	}
	if err := syncDir(d.bucketsDir()); err != nil {
		return fmt.Errorf("saving bucket %s: %w", b.Name, err)
	}
	return d.save(filepath.Join(dir, bucketFile), b)
}

func (d *disk) removeBucket(name string) error {
	if d == nil {
		return nil
	}
	dir := filepath.Join(d.bucketsDir(), name)
	if err := d.removeDurably(filepath.Join(dir, bucketFile)); err != nil {
		return err
	}
	os.RemoveAll(dir) // a directory without a bucket file is not a bucket; load removes what remains
	return nil
}

// save atomically replaces the file at path with v and a checksum. If it fails, either nothing has
// changed or the disk is marked broken.
func (d *disk) save(path string, v any) error {
	data, err := encodeChecked(v)
	if err != nil {
		return fmt.Errorf("saving %s: %w", path, err)
	}
	temp := path + tempSuffix
	if err := writeDurably(temp, data); err != nil {
		os.Remove(temp)
		return fmt.Errorf("saving %s: %w", path, err)
	}
	err = os.Rename(temp, path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return d.markBroken(err, "saving "+path)
}

// removeDurably removes a file. If it fails, the disk is marked broken.
func (d *disk) removeDurably(path string) error {
	err := os.Remove(path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return d.markBroken(err, "removing "+path)
}

// markBroken marks the disk broken if err is not nil.
func (d *disk) markBroken(err error, doing string) error {
	if err == nil {
		return nil
	}
	d.broken = fmt.Errorf("%s: %w", doing, err)
	return d.broken
}
