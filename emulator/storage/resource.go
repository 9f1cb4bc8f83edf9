package storage

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/objects"
)

// objectResource is an object in the JSON API.
// Source: https://cloud.google.com/storage/docs/json_api/v1/objects#resource.
type objectResource struct {
	Kind                    string            `json:"kind"`
	ID                      string            `json:"id"`
	SelfLink                string            `json:"selfLink"`
	MediaLink               string            `json:"mediaLink"`
	Name                    string            `json:"name"`
	Bucket                  string            `json:"bucket"`
	Generation              int64             `json:"generation,string"`
	Metageneration          int64             `json:"metageneration,string"`
	ContentType             string            `json:"contentType,omitempty"`
	ContentEncoding         string            `json:"contentEncoding,omitempty"`
	ContentLanguage         string            `json:"contentLanguage,omitempty"`
	ContentDisposition      string            `json:"contentDisposition,omitempty"`
	CacheControl            string            `json:"cacheControl,omitempty"`
	StorageClass            string            `json:"storageClass"`
	Size                    int64             `json:"size,string"`
	MD5Hash                 string            `json:"md5Hash,omitempty"`
	CRC32C                  string            `json:"crc32c"`
	ETag                    string            `json:"etag"`
	ComponentCount          int               `json:"componentCount,omitempty"`
	TimeCreated             string            `json:"timeCreated"`
	Updated                 string            `json:"updated"`
	TimeStorageClassUpdated string            `json:"timeStorageClassUpdated"`
	TimeFinalized           string            `json:"timeFinalized"`
	CustomTime              string            `json:"customTime,omitempty"`
	Metadata                map[string]string `json:"metadata,omitempty"`
}

func newObjectResource(r *http.Request, o objects.Object) objectResource {
	path := "/storage/v1/b/" + o.Bucket + "/o/" + url.PathEscape(o.Name)
	generation := strconv.FormatInt(o.Generation, 10)
	return objectResource{
		Kind:               "storage#object",
		ID:                 o.Bucket + "/" + o.Name + "/" + generation,
		SelfLink:           origin(r) + path,
		MediaLink:          origin(r) + "/download" + path + "?generation=" + generation + "&alt=media",
		Name:               o.Name,
		Bucket:             o.Bucket,
		Generation:         o.Generation,
		Metageneration:     o.Metageneration,
		ContentType:        o.ContentType,
		ContentEncoding:    o.ContentEncoding,
		ContentLanguage:    o.ContentLanguage,
		ContentDisposition: o.ContentDisposition,
		CacheControl:       o.CacheControl,
		StorageClass:       o.StorageClass,
		Size:               o.Size,
		MD5Hash:            base64.StdEncoding.EncodeToString(o.MD5),
		CRC32C:             objects.EncodeCRC32C(o.CRC32C),
		ETag:               etag(o.Generation, o.Metageneration),
		ComponentCount:     o.Components,
		TimeCreated:        timestamp(o.Created), Updated: timestamp(o.Updated),
		TimeStorageClassUpdated: timestamp(o.Created),
		TimeFinalized:           timestamp(o.Created),
		CustomTime:              timestamp(o.CustomTime),
		Metadata:                o.Custom,
	}
}

// origin is the scheme and host that the client sees this server at.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// timestamp writes a time as the service does, with three digits of a second; the zero time is empty.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// etag makes the service's kind of tag: a protocol buffer of generation (field 1) and metageneration (field 2) in base64.
func etag(generation, metageneration int64) string {
	var b []byte
	if generation != 0 {
		b = binary.AppendUvarint([]byte{1 << 3}, uint64(generation))
	}
	b = binary.AppendUvarint(append(b, 2<<3), uint64(metageneration))
	return base64.StdEncoding.EncodeToString(b)
}

// jsonTag is an object's tag in the JSON API and for Firebase's clients.
func jsonTag(o objects.Object) string { return etag(o.Generation, o.Metageneration) }

// unsupported are fields of an object that would change what the service does, by what they stand for.
var unsupported = map[string]string{
	"temporaryHold":      "holds on objects",
	"eventBasedHold":     "holds on objects",
	"retention":          "retention of objects",
	"kmsKeyName":         "customer-managed encryption keys",
	"customerEncryption": "customer-supplied encryption keys",
	"contexts":           "object contexts",
}

// apply changes m by the fields that a client sent: a null removes, and a null in metadata removes that key. Fields
// that only the service writes are passed over, as in the real one, and so are access lists.
func (f fields) apply(m *objects.Metadata) error {
	for name, what := range unsupported {
		if f.given(name) {
			return notEmulated(what)
		}
	}
	texts := map[string]*string{
		"contentType":        &m.ContentType,
		"contentEncoding":    &m.ContentEncoding,
		"contentLanguage":    &m.ContentLanguage,
		"contentDisposition": &m.ContentDisposition,
		"cacheControl":       &m.CacheControl,
	}
	for name, to := range texts {
		if _, ok := f[name]; !ok {
			continue
		}
		*to = "" // null leaves it so
		if err := f.into(name, to); err != nil {
			return err
		}
		if strings.ContainsAny(*to, "\r\n") {
			return badRequest("Invalid value for " + name + ": it has a line break.")
		}
	}
	if err := f.applyCustomTime(m); err != nil {
		return err
	}
	return f.applyCustom(m)
}

func (f fields) applyCustomTime(m *objects.Metadata) error {
	text, err := f.text("customTime")
	if _, ok := f["customTime"]; !ok || err != nil {
		return err
	}
	if text == "" {
		m.CustomTime = time.Time{}
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return badRequest("Invalid value for customTime: " + strconv.Quote(text) + " is not an RFC 3339 time.")
	}
	m.CustomTime = t.UTC()
	return nil
}

func (f fields) applyCustom(m *objects.Metadata) error {
	raw, ok := f["metadata"]
	if !ok {
		return nil
	}
	if string(raw) == "null" {
		m.Custom = nil
		return nil
	}
	var changes map[string]*string
	if err := json.Unmarshal(raw, &changes); err != nil {
		return badRequest("Invalid value for metadata: it must be an object of strings.")
	}
	for key, value := range changes {
		if value == nil {
			delete(m.Custom, key)
			continue
		}
		if m.Custom == nil {
			m.Custom = map[string]string{}
		}
		m.Custom[key] = *value
	}
	return nil
}
