package storage

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/objects"
)

// firebaseObject is an object in the format of the Firebase API. Source: see firebaseRoutes.
type firebaseObject struct {
	Name               string            `json:"name"`
	Bucket             string            `json:"bucket"`
	Generation         int64             `json:"generation,string"`
	Metageneration     int64             `json:"metageneration,string"`
	ContentType        string            `json:"contentType,omitempty"`
	TimeCreated        string            `json:"timeCreated"`
	Updated            string            `json:"updated"`
	StorageClass       string            `json:"storageClass"`
	Size               int64             `json:"size,string"`
	MD5Hash            string            `json:"md5Hash,omitempty"`
	CRC32C             string            `json:"crc32c"`
	ETag               string            `json:"etag"`
	ContentEncoding    string            `json:"contentEncoding"`
	ContentDisposition string            `json:"contentDisposition"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	CacheControl       string            `json:"cacheControl,omitempty"`
	DownloadTokens     string            `json:"downloadTokens,omitempty"` // comma-separated
	Metadata           map[string]string `json:"metadata,omitempty"`
}

// writeFirebaseObject responds with an object's metadata.
func (c call) writeFirebaseObject(o objects.Object) error {
	h := c.w.Header()
	h.Set("ETag", jsonTag(o))
	h.Set("Cache-Control", "private, max-age=0") // browsers may cache it but must revalidate it
	tokens := o.Custom[tokensKey]
	o = firebaseView(o)
	encoding := o.ContentEncoding
	if encoding == "" {
		encoding = "identity"
	}
	httpjson.Write(c.w, http.StatusOK, firebaseObject{
		Name: o.Name, Bucket: o.Bucket, Generation: o.Generation, Metageneration: o.Metageneration,
		ContentType: o.ContentType, TimeCreated: timestamp(o.Created), Updated: timestamp(o.Updated),
		StorageClass: o.StorageClass, Size: o.Size, MD5Hash: base64.StdEncoding.EncodeToString(o.MD5),
		CRC32C: objects.EncodeCRC32C(o.CRC32C), ETag: jsonTag(o), ContentEncoding: encoding,
		ContentDisposition: o.ContentDisposition, ContentLanguage: o.ContentLanguage, CacheControl: o.CacheControl,
		DownloadTokens: tokens, Metadata: o.Custom,
	})
	return nil
}

// firebaseView returns an object as Firebase clients see it: its custom metadata does not contain
// the download tokens, and its content disposition has a file name.
func firebaseView(o objects.Object) objects.Object {
	o.Custom = withoutTokens(o.Custom)
	if o.ContentDisposition == "" {
		o.ContentDisposition = "inline; filename*=utf-8''" + url.PathEscape(o.Name[strings.LastIndexByte(o.Name, '/')+1:])
	}
	return o
}
