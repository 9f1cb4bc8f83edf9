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

const objectsPage = 200

type bucket struct {
	Name     string    `json:"name"`
	Location string    `json:"location"`
	Created  time.Time `json:"created"`
}

func (c *Console) buckets(*http.Request) (any, error) {
	out := []bucket{}
	for _, b := range c.Storage.Objects().Buckets() {
		out = append(out, bucket{b.Name, b.Location, b.Created})
	}
	return map[string]any{"buckets": out}, nil
}

// object is one as a list shows it.
type object struct {
	Name     string    `json:"name"`
	Size     int64     `json:"size"` // bytes as stored
	Type     string    `json:"type,omitempty"`
	Encoding string    `json:"encoding,omitempty"`
	Updated  time.Time `json:"updated"`
}

func newObject(o objects.Object) object {
	return object{o.Name, o.Size, o.ContentType, o.ContentEncoding, o.Updated}
}

type objectsAnswer struct {
	Folders []string `json:"folders"` // prefixes that end in a slash
	Objects []object `json:"objects"`
	Next    string   `json:"next,omitempty"`
}

// objects are a page of what a bucket has below a prefix, by name, folded at slashes.
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
	a := objectsAnswer{append([]string{}, page.Prefixes...), []object{}, page.NextPageToken}
	for _, o := range page.Objects {
		a.Objects = append(a.Objects, newObject(o))
	}
	return a, nil
}

// refOf is the object that a call names.
func refOf(r *http.Request) (objects.Ref, error) {
	bucket, err := parameter(r, "bucket")
	if err != nil {
		return objects.Ref{}, err
	}
	name, err := parameter(r, "name")
	return objects.Ref{Bucket: bucket, Name: name}, err
}

type objectAnswer struct {
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
	Custom         map[string]string `json:"custom,omitempty"` // the client's own metadata
}

func (c *Console) object(r *http.Request) (any, error) {
	ref, err := refOf(r)
	if err != nil {
		return nil, err
	}
	o, err := c.Storage.Objects().Get(ref, objects.Conditions{})
	if err != nil {
		return nil, err
	}
	return objectAnswer{
		object: newObject(o), Bucket: o.Bucket, Generation: strconv.FormatInt(o.Generation, 10), Metageneration: strconv.FormatInt(o.Metageneration, 10),
		MD5: base64.StdEncoding.EncodeToString(o.MD5), CRC32C: objects.EncodeCRC32C(o.CRC32C), CacheControl: o.CacheControl,
		Disposition: o.ContentDisposition, Language: o.ContentLanguage, Created: o.Created, Custom: o.Custom,
	}, nil
}

func (c *Console) deleteObject(r *http.Request) (any, error) {
	ref, err := refOf(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.Storage.Objects().Delete(ref, objects.Conditions{})
}

// content is an object's bytes, to be saved, never shown: an object may be a page with scripts. What is stored compressed
// is sent so to browsers that say they unpack it.
func (c *Console) content(w http.ResponseWriter, r *http.Request) {
	ref, err := refOf(r)
	var reader *objects.Reader
	if err == nil {
		reader, err = c.Storage.Objects().OpenObject(ref, objects.Conditions{})
	}
	if err != nil {
		code, message := explain(err)
		writeError(w, code, message)
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
	io.Copy(w, reader) // whoever went away does not need to be told
}
