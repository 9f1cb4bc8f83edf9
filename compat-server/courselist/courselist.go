// Package courselist converts the course lists that new apps load from Cloud Storage to the format
// of old apps, which has more fields. A list's URL contains a version, a hash of the object's name,
// which is itself a content hash, and of the semester's periods. The content at a URL therefore
// never changes, and browsers and CDNs may cache it forever.
package courselist

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/singleflight"

	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/internal/schema"
)

// format is part of every version. Increment it when the output of [convert] changes.
const format = 1

// readTimeout bounds reading and converting one list, which normally takes a tenth of a second.
const readTimeout = 15 * time.Second

// maxCacheBytes limits the compressed lists that an instance caches. A list has about 150 kB.
const maxCacheBytes = 8 << 20

// Lists converts and caches course lists. It is safe for concurrent use.
type Lists struct {
	storage *storage.Client
	flight  singleflight.Group

	mu    sync.Mutex
	cache map[string][]byte // by version
	order []string          // versions in the cache, oldest first
	bytes int               // size of the cache
}

// New returns Lists that read from Cloud Storage with client, which is required.
func New(client *storage.Client) (*Lists, error) {
	if client == nil {
		return nil, errors.New("course lists need a Cloud Storage client")
	}
	return &Lists{storage: client, cache: map[string][]byte{}}, nil
}

// Version returns the version of a semester's list, or "" if it has no list yet.
func Version(s *catalog.Semester) string {
	if s.ListURL == "" {
		return ""
	}
	sum := sha256.New()
	fmt.Fprint(sum, format, "\x00", s.ListURL, "\x00", s.Periods)
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Path returns the escaped path of a semester's list, relative to the API's base path, or "" if it
// has no list yet.
func Path(s *catalog.Semester) string {
	version := Version(s)
	if version == "" {
		return ""
	}
	school, id, _ := schema.SplitSemesterPath(s.Path)
	return "/lists/" + url.PathEscape(school) + "/" + url.PathEscape(string(id)) + "/" + version + ".json"
}

// Get returns a semester's list, compressed with gzip. Firestore bills nothing; Cloud Storage bills
// a read if the list is not cached.
func (l *Lists) Get(ctx context.Context, s *catalog.Semester) ([]byte, error) {
	version := Version(s)
	l.mu.Lock()
	list, ok := l.cache[version]
	l.mu.Unlock()
	if ok {
		return list, nil
	}
	// The first caller may disconnect while others still wait for the result.
	reading := l.flight.DoChan(version, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		list, err := l.read(ctx, s)
		if err == nil {
			l.store(version, list)
		}
		return list, err
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the course list: %w", context.Cause(ctx))
	case result := <-reading:
		if result.Err != nil {
			return nil, fmt.Errorf("get the course list of %s: %w", s.Path, result.Err)
		}
		return result.Val.([]byte), nil
	}
}

func (l *Lists) read(ctx context.Context, s *catalog.Semester) ([]byte, error) {
	bucket, object, ok := strings.Cut(strings.TrimPrefix(s.ListURL, "gs://"), "/")
	if !ok || !strings.HasPrefix(s.ListURL, "gs://") {
		return nil, fmt.Errorf("lecturesUrl %q is not a gs://bucket/object URL", s.ListURL)
	}
	r, err := l.storage.Bucket(bucket).Object(object).NewReader(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.ListURL, err)
	}
	defer r.Close()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if err := errors.Join(convert(zip, r, s), zip.Close()); err != nil {
		return nil, fmt.Errorf("convert %s: %w", s.ListURL, err)
	}
	return out.Bytes(), nil
}

func (l *Lists) store(version string, list []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cache[version] != nil || len(list) > maxCacheBytes {
		return
	}
	l.cache[version] = list
	l.order = append(l.order, version)
	for l.bytes += len(list); l.bytes > maxCacheBytes; l.order = l.order[1:] {
		l.bytes -= len(l.cache[l.order[0]])
		delete(l.cache, l.order[0])
	}
}
