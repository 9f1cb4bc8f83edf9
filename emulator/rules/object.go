package rules

import "time"

// Object is a Cloud Storage object as `resource` and `request.resource` show it
// (https://firebase.google.com/docs/storage/security/rules-conditions#evaluating_metadata). Empty
// strings, zero numbers and zero times are omitted where the real resource would not have the
// field.
type Object struct {
	Name, Bucket                 string
	Generation, Metageneration   int64
	Size                         int64
	TimeCreated, Updated         time.Time
	MD5Hash, CRC32C, ETag        string
	ContentDisposition           string
	ContentEncoding              string
	ContentLanguage, ContentType string
	Metadata                     map[string]string
}

// Fields returns the object's attributes as rules see them.
func (o Object) Fields() Fields {
	m := valueMap{"name": StringValue(o.Name), "bucket": StringValue(o.Bucket), "size": IntValue(o.Size),
		"metadata": fromJSON(o.Metadata)}
	for name, n := range map[string]int64{"generation": o.Generation, "metageneration": o.Metageneration} {
		if n != 0 {
			m[name] = IntValue(n)
		}
	}
	for name, t := range map[string]time.Time{"timeCreated": o.TimeCreated, "updated": o.Updated} {
		if !t.IsZero() {
			m[name] = TimeValue(t)
		}
	}
	for name, s := range map[string]string{"md5Hash": o.MD5Hash, "crc32c": o.CRC32C, "etag": o.ETag,
		"contentDisposition": o.ContentDisposition, "contentEncoding": o.ContentEncoding,
		"contentLanguage": o.ContentLanguage, "contentType": o.ContentType} {
		if s != "" {
			m[name] = StringValue(s)
		}
	}
	return m
}
