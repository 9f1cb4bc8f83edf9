package storage

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/objects"
)

// officialBuckets is the file buckets.json of an export in the layout of the official suite.
type officialBuckets struct {
	Buckets []officialBucket `json:"buckets"`
}

type officialBucket struct {
	ID string `json:"id"`
}

// officialObject is a file below metadata/. The bytes are in blobs/, in a file of the same name without ".json".
type officialObject struct {
	Name               string            `json:"name"`
	Bucket             string            `json:"bucket"`
	Generation         int64             `json:"generation,omitempty"`
	Metageneration     int64             `json:"metageneration,omitempty"`
	ContentType        string            `json:"contentType,omitempty"`
	ContentEncoding    string            `json:"contentEncoding,omitempty"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	ContentDisposition string            `json:"contentDisposition,omitempty"`
	CacheControl       string            `json:"cacheControl,omitempty"`
	CustomTime         string            `json:"customTime,omitempty"`
	StorageClass       string            `json:"storageClass,omitempty"`
	DownloadTokens     []string          `json:"downloadTokens"`
	Custom             map[string]string `json:"customMetadata,omitempty"`
	Created            time.Time         `json:"timeCreated"`
	Updated            time.Time         `json:"updated"`
	Size               int64             `json:"size"`
	MD5                string            `json:"md5Hash"` // base64
	CRC32C             string            `json:"crc32c"`  // a decimal number
}

// ExportOfficial writes all buckets and objects to a folder, in the layout of the official suite.
func (s *Server) ExportOfficial(dir string) error {
	err := errors.Join(os.Mkdir(filepath.Join(dir, "blobs"), 0o755), os.Mkdir(filepath.Join(dir, "metadata"), 0o755))
	list := officialBuckets{Buckets: []officialBucket{}}
	for _, b := range s.store.Buckets() {
		if err == nil {
			err = s.exportBucket(dir, b.Name)
		}
		list.Buckets = append(list.Buckets, officialBucket{b.Name})
	}
	if err == nil {
		err = writeJSON(filepath.Join(dir, "buckets.json"), list)
	}
	if err != nil {
		return fmt.Errorf("storage: export: %w", err)
	}
	return nil
}

func (s *Server) exportBucket(dir, bucket string) error {
	for q := (objects.Query{Bucket: bucket}); ; {
		page, err := s.store.List(q)
		if err != nil {
			return err
		}
		for _, o := range page.Objects {
			if err := s.exportObject(dir, o); err != nil {
				return fmt.Errorf("%s/%s: %w", bucket, o.Name, err)
			}
		}
		if q.PageToken = page.NextPageToken; q.PageToken == "" {
			return nil
		}
	}
}

func (s *Server) exportObject(dir string, o objects.Object) error {
	r, err := s.store.OpenObject(objects.Ref{Bucket: o.Bucket, Name: o.Name}, objects.Conditions{})
	if err != nil {
		return err
	}
	defer r.Close()
	o = r.Object // it may have been written anew
	sum := sha256.Sum256([]byte(o.Bucket + "/" + o.Name))
	name := hex.EncodeToString(sum[:16]) // the same in every export, so that they can be compared
	f, err := os.Create(filepath.Join(dir, "blobs", name))
	if err != nil {
		return err
	}
	digest := md5.New() // composed objects have none
	_, err = io.Copy(io.MultiWriter(f, digest), r)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	out := officialObject{
		Name: o.Name, Bucket: o.Bucket, Generation: o.Generation, Metageneration: o.Metageneration,
		ContentType: o.ContentType, ContentEncoding: o.ContentEncoding, ContentLanguage: o.ContentLanguage,
		ContentDisposition: o.ContentDisposition, CacheControl: o.CacheControl, StorageClass: o.StorageClass,
		DownloadTokens: []string{}, Custom: withoutTokens(o.Custom), Created: o.Created, Updated: o.Updated,
		Size: o.Size, MD5: base64.StdEncoding.EncodeToString(digest.Sum(nil)), CRC32C: strconv.FormatUint(uint64(o.CRC32C), 10),
	}
	if tokens := o.Custom[tokensKey]; tokens != "" {
		out.DownloadTokens = strings.Split(tokens, ",")
	}
	if !o.CustomTime.IsZero() {
		out.CustomTime = o.CustomTime.Format(time.RFC3339Nano)
	}
	return writeJSON(filepath.Join(dir, "metadata", name+".json"), out)
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// ImportOfficial creates the buckets and writes the objects of a folder that [Server.ExportOfficial] or the official
// suite has written. Objects of the same name are replaced. Objects have new generations.
func (s *Server) ImportOfficial(dir string) error {
	if err := s.importOfficial(dir); err != nil {
		return fmt.Errorf("storage: import: %w", err)
	}
	return nil
}

func (s *Server) importOfficial(dir string) error {
	path := filepath.Join(dir, "buckets.json")
	var list officialBuckets
	if err := readJSONFile(path, &list); err != nil {
		return err
	}
	for _, b := range list.Buckets {
		if err := s.ensureBucket(b.ID); err != nil {
			return fmt.Errorf("%s: bucket %q: %w", path, b.ID, err)
		}
	}
	metadata := filepath.Join(dir, "metadata")
	return filepath.WalkDir(metadata, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == metadata {
			return nil // there are buckets only
		}
		if err != nil || e.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, err := filepath.Rel(metadata, strings.TrimSuffix(path, ".json"))
		if err != nil {
			return err
		}
		var o officialObject
		if err := readJSONFile(path, &o); err != nil {
			return err
		}
		if err := s.importObject(filepath.Join(dir, "blobs"), name, o); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// importObject writes an object whose bytes are in a file below blobs.
func (s *Server) importObject(blobs, name string, o officialObject) error {
	put := objects.PutRequest{
		Bucket: o.Bucket, Name: o.Name, StorageClass: o.StorageClass, Created: o.Created, Updated: o.Updated,
		Metadata: objects.Metadata{
			ContentType: o.ContentType, ContentEncoding: o.ContentEncoding, ContentLanguage: o.ContentLanguage,
			ContentDisposition: o.ContentDisposition, CacheControl: o.CacheControl, Custom: o.Custom,
		},
		Checksums: objects.Checksums{MD5: o.MD5},
	}
	setTokens(&put.Metadata, strings.Join(o.DownloadTokens, ","))
	if o.CRC32C != "" {
		sum, err := strconv.ParseUint(o.CRC32C, 10, 32)
		if err != nil {
			return fmt.Errorf("crc32c %q is not a number", o.CRC32C)
		}
		put.Checksums.CRC32C = objects.EncodeCRC32C(uint32(sum))
	}
	if o.CustomTime != "" {
		var err error
		if put.Metadata.CustomTime, err = time.Parse(time.RFC3339Nano, o.CustomTime); err != nil {
			return fmt.Errorf("customTime: %w", err)
		}
	}
	if err := s.ensureBucket(o.Bucket); err != nil {
		return fmt.Errorf("bucket %q: %w", o.Bucket, err)
	}
	f, err := os.Open(filepath.Join(blobs, name))
	if plain, bad := url.PathUnescape(name); errors.Is(err, fs.ErrNotExist) && bad == nil && filepath.IsLocal(plain) {
		f, err = os.Open(filepath.Join(blobs, plain))
	}
	if err != nil {
		return err
	}
	defer f.Close()
	draft, err := s.store.NewDraft()
	if err != nil {
		return err
	}
	if _, err := io.Copy(draft, f); err != nil {
		draft.Abort()
		return err
	}
	_, err = s.store.Put(put, draft)
	return err
}

func readJSONFile(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
