package storage

import (
	"net/http"
	"regexp"
	"strconv"
)

// contentRange is a parsed Content-Range header of a resumable upload.
type contentRange struct {
	start   int64
	end     int64 // exclusive; -1: where the request body ends
	total   int64 // -1: not known yet
	isQuery bool  // the request has no bytes
}

var contentRangeForm = regexp.MustCompile(`^bytes (?:(\d{1,18})-(\d{1,18}|\*)|\*)/(?:(\d{1,18})|\*)$`)

// parseContentRange parses "bytes 0-99/*", "bytes 100-149/150", "bytes */150", "bytes */*" and
// "bytes 0-*/*", with which Google's Node client sends all remaining bytes. Without a header, the
// request has the whole object.
func parseContentRange(header string, length int64) (contentRange, error) {
	if header == "" {
		if length < 0 {
			return contentRange{}, &httpError{http.StatusLengthRequired, "required", "The request needs a Content-Range or a Content-Length."}
		}
		return contentRange{end: length, total: length}, nil
	}
	m := contentRangeForm.FindStringSubmatch(header)
	if m == nil {
		return contentRange{}, badRequest("Failed to parse Content-Range header: \"" + header + "\".")
	}
	r := contentRange{total: -1, isQuery: m[1] == ""}
	if m[3] != "" {
		r.total, _ = strconv.ParseInt(m[3], 10, 64) // at most 18 digits
	}
	if r.isQuery {
		return r, nil
	}
	r.start, _ = strconv.ParseInt(m[1], 10, 64)
	if m[2] == "*" {
		switch {
		case length < 0:
			r.end = r.total
			return r, nil
		case r.total < 0:
			r.total = r.start + length
		}
		m[2] = strconv.FormatInt(r.start+length-1, 10)
	}
	r.end, _ = strconv.ParseInt(m[2], 10, 64)
	r.end++
	if r.end < r.start || r.end == r.start && r.end != r.total || r.total >= 0 && r.end > r.total {
		return contentRange{}, badRequest("Invalid Content-Range header: \"" + header + "\".")
	}
	if length >= 0 && length != r.end-r.start {
		return contentRange{}, badRequest("Invalid request. There were " + strconv.FormatInt(length, 10) +
			" byte(s) in the request body. There should have been " + strconv.FormatInt(r.end-r.start, 10) +
			" byte(s) according to the Content-Range header \"" + header + "\".")
	}
	return r, nil
}
