package storage

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/internal/objects"
)

// objectResource is an object in the format of the JSON API.
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

// origin returns the scheme and host under which the client reached this server.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// timestamp formats a time as Cloud Storage does, in milliseconds; the zero time is "".
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// etag returns an ETag as Cloud Storage makes them: a protocol buffer of generation (field 1) and
// metageneration (field 2) in base64.
func etag(generation, metageneration int64) string {
	var b []byte
	if generation != 0 {
		b = binary.AppendUvarint([]byte{1 << 3}, uint64(generation))
	}
	b = binary.AppendUvarint(append(b, 2<<3), uint64(metageneration))
	return base64.StdEncoding.EncodeToString(b)
}

// jsonTag returns an object's ETag in the JSON and Firebase APIs.
func jsonTag(o objects.Object) string { return etag(o.Generation, o.Metageneration) }
