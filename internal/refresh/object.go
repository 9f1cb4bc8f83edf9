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

// encoded is a course list as it is stored.
type encoded struct {
	hash     string // SHA-256 of the JSON, hexadecimal
	lectures int
	raw      int64  // bytes of JSON
	stored   []byte // the JSON, compressed
}

// encode checks the list and makes the bytes that clients load. The hash is that of the JSON: compressed bytes may differ
// from one version of the compressor to the next.
func encode(list schema.CourseList) (*encoded, error) {
	list.Sort()
	if err := list.Validate(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	sum := sha256.New()
	var raw counter
	if err := list.Encode(io.MultiWriter(zip, sum, &raw)); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("compress course list: %w", err)
	}
	return &encoded{hex.EncodeToString(sum.Sum(nil)), len(list), int64(raw), out.Bytes()}, nil
}

// name of the object: its content's hash, so that an object never changes and may be cached for ever.
func (e *encoded) name(schoolID string, id schema.SemesterID) string {
	return schema.SemesterPrefix(schoolID, id) + e.hash[:32] + ".json"
}

// errNoObject is returned by find when the object is not there, or holds something else.
var errNoObject = errors.New("no such object")

// find says which generation of the list is in the bucket. An object with the list's name and another content, which
// nobody of ours makes, is deleted.
func (s *Service) find(ctx context.Context, name string, e *encoded) (Object, error) {
	attrs, err := s.bucket.Object(name).Attrs(ctx)
	switch {
	case errors.Is(err, storage.ErrObjectNotExist):
		return Object{}, errNoObject
	case err != nil:
		return Object{}, fmt.Errorf("look for gs://%s/%s: %w", s.bucketName, name, err)
	case attrs.Metadata["sha256"] != e.hash:
		return Object{}, errors.Join(errNoObject, s.delete(ctx, Object{Name: name, Generation: attrs.Generation}))
	}
	return Object{Name: name, Generation: attrs.Generation}, nil
}

// upload creates the object; an object that is there already is left alone.
func (s *Service) upload(ctx context.Context, name string, e *encoded) error {
	w := s.bucket.Object(name).If(storage.Conditions{DoesNotExist: true}).NewWriter(ctx)
	w.ContentType = "application/json"
	w.ContentEncoding = "gzip"
	w.CacheControl = "public, max-age=31536000, immutable"
	w.Metadata = map[string]string{
		"sha256": e.hash,
		// Firebase's web SDK before version 10 has no download URL for an object without a token. The list is public, so
		// the token is no secret.
		"firebaseStorageDownloadTokens": e.hash[:32],
	}
	w.CRC32C, w.SendCRC32C = crc32.Checksum(e.stored, crc32.MakeTable(crc32.Castagnoli)), true
	// One request: a chunk that holds all of it is sent whole, and sent again by the client when the connection breaks.
	w.ChunkSize = (len(e.stored)/googleapi.MinUploadChunkSize + 1) * googleapi.MinUploadChunkSize
	_, err := w.Write(e.stored)
	if err = errors.Join(err, w.Close()); err != nil && !hasStatus(err, http.StatusPreconditionFailed) {
		return fmt.Errorf("store gs://%s/%s: %w", s.bucketName, name, err)
	}
	return nil
}

// delete removes exactly that generation. One that is gone is no error.
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

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
