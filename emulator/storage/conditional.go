package storage

import (
	"net/http"
	"strings"
	"time"
)

// checkETag evaluates If-Match, If-None-Match and If-Modified-Since (RFC 9110, section 13).
func (c call) checkETag(tag string, updated time.Time) error {
	if header := c.Header.Get("If-Match"); header != "" && !listsTag(header, tag) {
		return &httpError{http.StatusPreconditionFailed, "conditionNotMet", "If-Match does not match the object's ETag."}
	}
	notModified := &httpError{http.StatusNotModified, "notModified", "Not modified."}
	if header := c.Header.Get("If-None-Match"); header != "" {
		if listsTag(header, tag) {
			return notModified
		}
		return nil
	}
	if t, err := http.ParseTime(c.Header.Get("If-Modified-Since")); err == nil && !updated.Truncate(time.Second).After(t) {
		return notModified
	}
	return nil
}

// listsTag reports whether a header lists a tag. It compares weakly and ignores quotes, because
// ETags of the JSON API have none.
func listsTag(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.Trim(strings.TrimPrefix(item, "W/"), `"`) == strings.Trim(tag, `"`) {
			return true
		}
	}
	return false
}

// rangeApplies evaluates If-Range. It supports only ETags; a date causes a full download.
func (c call) rangeApplies(tag string) bool {
	header := c.Header.Get("If-Range")
	return header == "" || strings.Trim(header, `"`) == strings.Trim(tag, `"`)
}
