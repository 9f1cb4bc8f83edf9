package console

import (
	"encoding/base64"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/objects"
)

// objectsPage is the page size of lists.
const objectsPage = 200

type bucket struct {
	Name     string    `json:"name"`
	Location string    `json:"location"`
	Created  time.Time `json:"created"`
}

// buckets lists the buckets of Storage.
func (c *Console) buckets(*http.Request) (any, error) {
	out := []bucket{}
	for _, b := range c.Storage.Objects().Buckets() {
		out = append(out, bucket{b.Name, b.Location, b.Created})
	}
	return map[string]any{"buckets": out}, nil
}

// object is an object as lists show it.
type object struct {
	Name     string    `json:"name"`
	Size     int64     `json:"size"` // stored size in bytes
	Type     string    `json:"type,omitempty"`
	Encoding string    `json:"encoding,omitempty"`
	Updated  time.Time `json:"updated"`
}

func newObject(o objects.Object) object {
	return object{o.Name, o.Size, o.ContentType, o.ContentEncoding, o.Updated}
}

type objectsResponse struct {
	Folders []string `json:"folders"` // prefixes that end with a slash
	Objects []object `json:"objects"`
	Next    string   `json:"next,omitempty"`
}

// objects lists one page of a bucket's objects below a prefix by name, grouped at slashes.
func (c *Console) objects(r *http.Request) (any, error) {
	name, err := parameter(r, "bucket")
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	page, err := c.Storage.Objects().List(objects.Query{
		Bucket: name, Prefix: q.Get("prefix"), Delimiter: "/", PageToken: q.Get("token"), MaxResults: objectsPage,
	})
	if err != nil {
		return nil, err
	}
	a := objectsResponse{append([]string{}, page.Prefixes...), []object{}, page.NextPageToken}
	for _, o := range page.Objects {
		a.Objects = append(a.Objects, newObject(o))
	}
	return a, nil
}

// objectRef returns the object that a request's query names.
func objectRef(r *http.Request) (objects.Ref, error) {
	bucket, err := parameter(r, "bucket")
	if err != nil {
		return objects.Ref{}, err
	}
	name, err := parameter(r, "name")
	return objects.Ref{Bucket: bucket, Name: name}, err
}

type objectResponse struct {
	object
	Bucket         string            `json:"bucket"`
	Generation     string            `json:"generation"`
	Metageneration string            `json:"metageneration"`
	MD5            string            `json:"md5,omitempty"`
	CRC32C         string            `json:"crc32c"`
	CacheControl   string            `json:"cacheControl,omitempty"`
	Disposition    string            `json:"disposition,omitempty"`
	Language       string            `json:"language,omitempty"`
	Created        time.Time         `json:"created"`
	Custom         map[string]string `json:"custom,omitempty"` // custom metadata
}

// object returns an object's metadata.
func (c *Console) object(r *http.Request) (any, error) {
	ref, err := objectRef(r)
	if err != nil {
		return nil, err
	}
	o, err := c.Storage.Objects().Get(ref, objects.Conditions{})
	if err != nil {
		return nil, err
	}
	return objectResponse{
		object: newObject(o), Bucket: o.Bucket, Generation: strconv.FormatInt(o.Generation, 10), Metageneration: strconv.FormatInt(o.Metageneration, 10),
		MD5: base64.StdEncoding.EncodeToString(o.MD5), CRC32C: objects.EncodeCRC32C(o.CRC32C), CacheControl: o.CacheControl,
		Disposition: o.ContentDisposition, Language: o.ContentLanguage, Created: o.Created, Custom: o.Custom,
	}, nil
}

func (c *Console) deleteObject(r *http.Request) (any, error) {
	ref, err := objectRef(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.Storage.Objects().Delete(ref, objects.Conditions{})
}

// content sends an object's bytes as a download. The browser must not display them, because an object may
// be a page with scripts. An object stored with gzip is sent compressed if the browser accepts that.
func (c *Console) content(w http.ResponseWriter, r *http.Request) {
	ref, err := objectRef(r)
	var reader *objects.Reader
	if err == nil {
		reader, err = c.Storage.Objects().OpenObject(ref, objects.Conditions{})
	}
	if err != nil {
		c.writeError(w, r, err)
		return
	}
	defer reader.Close()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(ref.Name)}))
	if e := reader.Object.ContentEncoding; e == "gzip" && strings.Contains(r.Header.Get("Accept-Encoding"), e) {
		h.Set("Content-Encoding", e)
	}
	h.Set("Content-Length", strconv.FormatInt(reader.Object.Size, 10))
	io.Copy(w, reader) // ignore write errors: the client is gone
}
