// Package courselist gives old apps the course lists that new ones load from Cloud Storage, with the fields that they look for
// besides. A list's address has a version in it, made of the object's name, which is its content's hash, and of the table of
// periods: what an address stands for never changes, so that browsers and a CDN may keep it for ever.
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

// format is part of every version. Whoever changes what [convert] writes raises it.
const format = 1

// readTime bounds reading and converting one list, which takes a tenth of a second.
const readTime = 15 * time.Second

// maxKept is how many bytes of compressed lists an instance keeps: a list has some 150 kB.
const maxKept = 8 << 20

// Lists converts course lists. It is safe for concurrent use.
type Lists struct {
	storage *storage.Client
	flight  singleflight.Group

	mu    sync.Mutex
	kept  map[string][]byte
	order []string // the oldest first
	bytes int
}

// New makes lists of what a client reads.
func New(client *storage.Client) (*Lists, error) {
	if client == nil {
		return nil, errors.New("course lists need a Cloud Storage client")
	}
	return &Lists{storage: client, kept: map[string][]byte{}}, nil
}

// Version of a semester's list, "" when it has none yet.
func Version(s *catalog.Semester) string {
	if s.ListURL == "" {
		return ""
	}
	sum := sha256.New()
	fmt.Fprint(sum, format, "\x00", s.ListURL, "\x00", s.Periods)
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Path of a semester's list below the base path of the API, escaped; "" when it has none yet.
func Path(s *catalog.Semester) string {
	version := Version(s)
	if version == "" {
		return ""
	}
	school, id, _ := schema.SplitSemesterPath(s.Path)
	return "/lists/" + url.PathEscape(school) + "/" + url.PathEscape(string(id)) + "/" + version + ".json"
}

// Get is a semester's list, compressed by gzip. Nothing is billed by Firestore; Cloud Storage bills a read when the instance
// does not have the list.
func (l *Lists) Get(ctx context.Context, s *catalog.Semester) ([]byte, error) {
	version := Version(s)
	l.mu.Lock()
	list, ok := l.kept[version]
	l.mu.Unlock()
	if ok {
		return list, nil
	}
	// Who asks first may hang up; the others still want it.
	reading := l.flight.DoChan(version, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
		defer cancel()
		list, err := l.read(ctx, s)
		if err == nil {
			l.keep(version, list)
		}
		return list, err
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a course list: %w", context.Cause(ctx))
	case result := <-reading:
		if result.Err != nil {
			return nil, fmt.Errorf("course list of %s: %w", s.Path, result.Err)
		}
		return result.Val.([]byte), nil
	}
}

func (l *Lists) read(ctx context.Context, s *catalog.Semester) ([]byte, error) {
	bucket, object, ok := strings.Cut(strings.TrimPrefix(s.ListURL, "gs://"), "/")
	if !ok || !strings.HasPrefix(s.ListURL, "gs://") {
		return nil, fmt.Errorf("lecturesUrl %q is not of the form gs://bucket/object", s.ListURL)
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

func (l *Lists) keep(version string, list []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept[version] != nil || len(list) > maxKept {
		return
	}
	l.kept[version] = list
	l.order = append(l.order, version)
	for l.bytes += len(list); l.bytes > maxKept; l.order = l.order[1:] {
		l.bytes -= len(l.kept[l.order[0]])
		delete(l.kept, l.order[0])
	}
}
