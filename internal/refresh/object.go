package refresh

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"heek.kr/heektime/internal/schema"
)

// encoded is a course list in the form that is stored.
type encoded struct {
	hash     string // SHA-256 of the JSON, hexadecimal
	lectures int
	raw      int64  // size of the JSON in bytes
	stored   []byte // the JSON, gzipped
}

// encode validates the list and returns the bytes that clients download. The hash covers the JSON, not
// the gzipped bytes, which may differ between versions of the compressor.
func encode(list schema.CourseList) (*encoded, error) {
	list.Sort()
	if err := list.Validate(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	sum := sha256.New()
	var raw byteCounter
	if err := list.Encode(io.MultiWriter(zip, sum, &raw)); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("compress course list: %w", err)
	}
	return &encoded{hex.EncodeToString(sum.Sum(nil)), len(list), int64(raw), out.Bytes()}, nil
}

// name returns the object's name. It contains the hash of the content, so an object never changes and
// may be cached forever.
func (e *encoded) name(schoolID string, id schema.SemesterID) string {
	return schema.SemesterPrefix(schoolID, id) + e.hash[:32] + ".json"
}

// errNoObject is returned by find if the object does not exist or has other content.
var errNoObject = errors.New("no such object")

// find returns the stored object of the list, with its generation. It deletes an object that has the
// list's name but other content, which this service never creates.
func (s *Service) find(ctx context.Context, name string, e *encoded) (Object, error) {
	attrs, err := s.bucket.Object(name).Attrs(ctx)
	switch {
	case errors.Is(err, storage.ErrObjectNotExist):
		return Object{}, errNoObject
	case err != nil:
		return Object{}, fmt.Errorf("get attributes of gs://%s/%s: %w", s.bucketName, name, err)
	case attrs.Metadata["sha256"] != e.hash:
		return Object{}, errors.Join(errNoObject, s.delete(ctx, Object{Name: name, Generation: attrs.Generation}))
	}
	return Object{Name: name, Generation: attrs.Generation}, nil
}

// upload creates the object unless it exists.
func (s *Service) upload(ctx context.Context, name string, e *encoded) error {
	w := s.bucket.Object(name).If(storage.Conditions{DoesNotExist: true}).NewWriter(ctx)
	w.ContentType = "application/json"
	w.ContentEncoding = "gzip"
	w.CacheControl = "public, max-age=31536000, immutable"
	w.Metadata = map[string]string{
		"sha256": e.hash,
		// Firebase's web SDK before version 10 returns no download URL for an object without a token.
		// The list is public, so the token need not be secret.
		"firebaseStorageDownloadTokens": e.hash[:32],
	}
	w.CRC32C, w.SendCRC32C = crc32.Checksum(e.stored, crc32.MakeTable(crc32.Castagnoli)), true
	// With a chunk larger than the object, the client sends it in one request and retries it if the
	// connection breaks.
	w.ChunkSize = (len(e.stored)/googleapi.MinUploadChunkSize + 1) * googleapi.MinUploadChunkSize
	_, err := w.Write(e.stored)
	if err = errors.Join(err, w.Close()); err != nil && !hasStatus(err, http.StatusPreconditionFailed) {
		return fmt.Errorf("store gs://%s/%s: %w", s.bucketName, name, err)
	}
	return nil
}

// delete deletes this generation of the object only. It is not an error if that generation is gone.
func (s *Service) delete(ctx context.Context, o Object) error {
	err := s.bucket.Object(o.Name).If(storage.Conditions{GenerationMatch: o.Generation}).Delete(ctx)
	if err == nil || errors.Is(err, storage.ErrObjectNotExist) || hasStatus(err, http.StatusPreconditionFailed) {
		return nil
	}
	return fmt.Errorf("delete gs://%s/%s: %w", s.bucketName, o.Name, err)
}

func hasStatus(err error, code int) bool {
	var e *googleapi.Error
	return errors.As(err, &e) && e.Code == code
}

// byteCounter counts the bytes written to it.
type byteCounter int64

func (c *byteCounter) Write(p []byte) (int, error) {
	*c += byteCounter(len(p))
	return len(p), nil
}
