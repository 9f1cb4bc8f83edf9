package objects

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
)

// disk is a data directory. A nil disk keeps nothing. Its methods want Store.commit to be held.
type disk struct {
	root string
	lock *os.File
	// broken is set when nobody can know whether the last change is on disk. Then nothing more is written: the
	// directory is whole as it is, and only reading it again tells what it has.
	broken error
	// deleted is the highest generation that was ever deleted, as the file "generation" has it.
	deleted int64
}

const (
	bucketFile = "bucket.json"
	tempSuffix = ".tmp"
)

// objectFile is what a metadata file has of an object.
type objectFile struct {
	Object
	Content string
}

func openDisk(root string) (*disk, error) {
	d := &disk{root: root}
	for _, dir := range []string{root, d.contentDir(), d.bucketsDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("making the storage data directory: %w", err)
		}
	}
	for _, dir := range []string{root, filepath.Dir(root)} {
		if err := syncDir(dir); err != nil {
			return nil, fmt.Errorf("making the storage data directory durable: %w", err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(root, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the storage data directory: %w", err)
	}
	if err := lockFile(lock); err != nil {
		lock.Close()
		return nil, fmt.Errorf("%s is in use by another process; end that one, or choose another data directory: %w", root, err)
	}
	d.lock = lock
	return d, nil
}

func (d *disk) contentDir() string     { return filepath.Join(d.root, "content") }
func (d *disk) bucketsDir() string     { return filepath.Join(d.root, "buckets") }
func (d *disk) generationPath() string { return filepath.Join(d.root, "generation") }

// objectPath is made of a hash because an object's name can be longer, and of other characters, than a file's.
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

func (d *disk) usable() error {
	if d == nil || d.broken == nil {
		return nil
	}
	return fmt.Errorf("%s takes no more writes; restart the emulator: %w", d.root, d.broken)
}

func (d *disk) saveObject(r *record) error {
	if d == nil {
		return nil
	}
	return d.save(d.objectPath(r.Bucket, r.Name), objectFile{r.Object, r.blob.content.id()})
}

// removeObject remembers the generation first, so that none at or below it is given after a restart.
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
	return d.removeSynced(d.objectPath(r.Bucket, r.Name))
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
	if err := d.removeSynced(filepath.Join(dir, bucketFile)); err != nil {
		return err
	}
	os.RemoveAll(dir) // a directory without a bucket file is no bucket; what stays behind is removed by load
	return nil
}

// save writes v, with a checksum, in the place of path. It fails without effect, or marks the disk broken.
func (d *disk) save(path string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("saving %s: %w", path, err)
	}
	temp := path + tempSuffix
	if err := writeSynced(temp, fmt.Appendf(nil, "%08x\n%s\n", crc32.Checksum(body, castagnoli), body)); err != nil {
		os.Remove(temp)
		return fmt.Errorf("saving %s: %w", path, err)
	}
	err = os.Rename(temp, path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return d.breakOn(err, "saving "+path)
}

func (d *disk) removeSynced(path string) error {
	err := os.Remove(path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return d.breakOn(err, "removing "+path)
}

func (d *disk) breakOn(err error, doing string) error {
	if err == nil {
		return nil
	}
	d.broken = fmt.Errorf("%s: %w", doing, err)
	return d.broken
}

// readChecked reads what save wrote. Its errors name the file.
func readChecked(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, body, ok := bytes.Cut(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n"))
	want, err := strconv.ParseUint(string(head), 16, 32)
	if !ok || err != nil {
		return fmt.Errorf("%s is damaged: no checksum in its first line", path)
	}
	if got := crc32.Checksum(body, castagnoli); got != uint32(want) {
		return fmt.Errorf("%s is damaged: its checksum is %08x, but the first line says %08x", path, got, want)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%s is not readable by this version: %w", path, err)
	}
	return nil
}

func writeSynced(path string, data []byte) error {
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

// syncDir makes the names in a directory survive a crash.
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
