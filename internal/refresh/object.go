package refresh

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"heek.kr/heektime/internal/listdelta"
	"heek.kr/heektime/internal/schema"
)

// encoded is a course list in the form that is stored.
type encoded struct {
	hash     string // SHA-256 of the JSON, hexadecimal
	lectures int
	body     []byte // the JSON
	stored   []byte // the JSON, gzipped
	// lectureList is what was encoded.
	lectureList schema.CourseList
}

// encode validates the list and returns the bytes that clients download. The hash covers the JSON, not
// the gzipped bytes, which may differ between versions of the compressor.
func encode(list schema.CourseList) (*encoded, error) {
	list.Sort()
	if err := list.Validate(); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := list.Encode(&body); err != nil {
		return nil, err
	}
	stored, err := zip(body.Bytes())
	if err != nil {
		return nil, err
	}
	return &encoded{listdelta.Hash(body.Bytes()), len(list), body.Bytes(), stored, list}, nil
}

func zip(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

// name returns the object's name. It contains the hash of the content, so an object never changes and
// may be cached forever.
func (e *encoded) name(schoolID string, id schema.SemesterID) string {
	return schema.ListName(schoolID, id, e.hash)
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

// upload creates the object of a list unless it exists.
func (s *Service) upload(ctx context.Context, name string, e *encoded) error {
	return s.create(ctx, name, e.hash, e.stored)
}

// create creates an object of gzipped JSON unless it exists. hash is that of the JSON. The object never
// changes, because its name says what it contains.
func (s *Service) create(ctx context.Context, name, hash string, stored []byte) error {
	w := s.bucket.Object(name).If(storage.Conditions{DoesNotExist: true}).NewWriter(ctx)
	w.ContentType = "application/json"
	w.ContentEncoding = "gzip"
	w.CacheControl = "public, max-age=31536000, immutable"
	w.Metadata = map[string]string{
		"sha256": hash,
		// Firebase's web SDK before version 10 returns no download URL for an object without a token.
		// The object is public, so the token need not be secret.
		"firebaseStorageDownloadTokens": hash[:32],
	}
	w.CRC32C, w.SendCRC32C = crc32.Checksum(stored, crc32.MakeTable(crc32.Castagnoli)), true
	// With a chunk larger than the object, the client sends it in one request and retries it if the
	// connection breaks.
	w.ChunkSize = (len(stored)/googleapi.MinUploadChunkSize + 1) * googleapi.MinUploadChunkSize
	_, err := w.Write(stored)
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
