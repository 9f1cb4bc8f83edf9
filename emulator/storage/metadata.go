package storage

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/objects"
)

// unsupportedFields maps fields of objects that are not emulated to the features they belong to.
var unsupportedFields = map[string]string{
	"temporaryHold":      "holds on objects",
	"eventBasedHold":     "holds on objects",
	"retention":          "retention of objects",
	"kmsKeyName":         "customer-managed encryption keys",
	"customerEncryption": "customer-supplied encryption keys",
	"contexts":           "object contexts",
}

// apply changes m by the fields that a client sent. A null clears a field, and a null in metadata
// removes a key. Fields that only the service sets are ignored, as in production, and so are access
// lists.
func (f fields) apply(m *objects.Metadata) error {
	for name, what := range unsupportedFields {
		if f.isSet(name) {
			return notEmulated(what)
		}
	}
	stringFields := map[string]*string{
		"contentType":        &m.ContentType,
		"contentEncoding":    &m.ContentEncoding,
		"contentLanguage":    &m.ContentLanguage,
		"contentDisposition": &m.ContentDisposition,
		"cacheControl":       &m.CacheControl,
	}
	for name, to := range stringFields {
		if _, ok := f[name]; !ok {
			continue
		}
		*to = "" // null does not change it
		if err := f.into(name, to); err != nil {
			return err
		}
		if strings.ContainsAny(*to, "\r\n") {
			return badRequest("Invalid value for " + name + ": it contains a line break.")
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
	var changes map[string]json.RawMessage
	if err := json.Unmarshal(raw, &changes); err != nil {
		return badRequest("Invalid value for metadata: it must be an object of strings.")
	}
	for key, value := range changes {
		if string(value) == "null" {
			delete(m.Custom, key)
			continue
		}
		text, ok := customText(value)
		if !ok {
			return badRequest("Invalid value for metadata: " + strconv.Quote(key) + " must be a string.")
		}
		if m.Custom == nil {
			m.Custom = map[string]string{}
		}
		m.Custom[key] = text
	}
	return nil
}

// customText returns a value of custom metadata as a text. As everywhere in Google's JSON, a number or a boolean may
// stand where a text is expected, and is one then.
func customText(raw json.RawMessage) (text string, ok bool) {
	if err := json.Unmarshal(raw, &text); err == nil {
		return text, true
	}
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' {
		return "", false
	}
	return string(raw), true
}
