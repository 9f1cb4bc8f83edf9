// Package liststore reads course lists, and the deltas between them, from Cloud Storage. The refresh service
// writes them.
package liststore

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"cloud.google.com/go/storage"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/listdelta"
)

// Errors of an object that no retry brings back.
var (
	ErrNone    = errors.New("no such list")
	ErrDamaged = errors.New("the list is damaged")
)

// Read returns the JSON of an object of the bucket, or an error that may wrap [ErrNone] or [ErrDamaged].
type Read func(ctx context.Context, name string) ([]byte, error)

// Name returns the name of the object at a gs:// address. All are in the bucket of the lists.
func Name(address string) string {
	_, name, _ := strings.Cut(strings.TrimPrefix(address, "gs://"), "/")
	return name
}

// attempts is how often a request is tried. Whoever called the service retries later, when no instance waits.
const attempts = 4

// Open returns a function that reads from a bucket with a client of its own, which closes with the others. A
// package that calls it need not import Cloud Storage, which takes long to compile.
func Open(ctx context.Context, clients *gcp.Clients, bucket string) Read {
	client := gcp.OpenStorage(ctx, clients)
	if client == nil {
		return nil // clients has the error
	}
	return From(client.Bucket(bucket).Retryer(storage.WithMaxAttempts(attempts)))
}

// From returns a function that reads from a bucket.
func From(bucket *storage.BucketHandle) Read {
	return func(ctx context.Context, name string) ([]byte, error) {
		r, err := bucket.Object(name).ReadCompressed(true).NewReader(ctx)
		if errors.Is(err, storage.ErrObjectNotExist) {
			return nil, fmt.Errorf("gs://%s/%s: %w", bucket.BucketName(), name, ErrNone)
		}
		if err != nil {
			return nil, fmt.Errorf("load gs://%s/%s: %w", bucket.BucketName(), name, err)
		}
		defer r.Close()
		body, err := decompress(r)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, fmt.Errorf("load gs://%s/%s: %w", bucket.BucketName(), name, ctx.Err())
		case err != nil:
			return nil, fmt.Errorf("gs://%s/%s: %w: %w", bucket.BucketName(), name, ErrDamaged, err)
		}
		return body, nil
	}
}

// decompress reads gzipped JSON of at most [listdelta.MaxBytes].
func decompress(r io.Reader) ([]byte, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(unzipped, listdelta.MaxBytes+1))
	if err == nil && len(body) > listdelta.MaxBytes {
		err = fmt.Errorf("more than %d bytes", listdelta.MaxBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return body, nil
}
