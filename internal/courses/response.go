package courses

import (
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// response is the uncompressed body of a school's response, or a file.
type response struct {
	// origin is the host or the file, for errors.
	origin string
	// url is where the response came from after redirects, nil for a file.
	url  *url.URL
	data []byte
}

// tableRows reads the response as a table. A response in another format is an error that says what
// came instead, such as an error page.
func (res response) tableRows(spec tableSpec) iter.Seq2[tableRow, error] {
	format := spreadsheet.Detect(res.data)
	switch asked := spec.formats[0]; {
	case len(spec.formats) == 1 && asked == spreadsheet.JSON && res.looksLikeJSON():
		format = asked
	case len(spec.formats) == 1 && asked == spreadsheet.CSV && format == "" && spreadsheet.Describe(res.data) == "":
		format = asked // the reader says what is wrong
	}
	if !slices.Contains(spec.formats, format) {
		err := res.formatError(joinFormats(spec.formats))
		return func(yield func(tableRow, error) bool) { yield(tableRow{}, err) }
	}
	t := &tableReader{tableSpec: spec, origin: res.origin, data: res.data, format: format}
	return t.rows(spreadsheet.Rows(res.data, format, spec.file))
}

// joinFormats lists the formats that an adapter accepts.
func joinFormats(formats []spreadsheet.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// looksLikeJSON reports whether the response begins as a JSON object or array does.
func (res response) looksLikeJSON() bool {
	head := strings.TrimLeft(spreadsheet.Preview(res.data, 256), " \t\r\n")
	return strings.HasPrefix(head, "{") || strings.HasPrefix(head, "[")
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// describePage names a page by its title.
func describePage(head string) string {
	if m := titleElement.FindStringSubmatch(head); m != nil {
		return "the page “" + truncate(cleanText(m[1]), 100) + "”"
	}
	return "a page without a title"
}

// formatError is the error for a response that is not in the expected format. It says what the
// response is.
func (res response) formatError(expected string) error {
	head := spreadsheet.Preview(res.data, 4096)
	switch format := spreadsheet.Detect(res.data); {
	case spreadsheet.Describe(res.data) != "":
		return unexpected("%s sent %s instead of %s", res.origin, spreadsheet.Describe(res.data), expected)
	case format == spreadsheet.HTML:
		return unexpected("%s sent %s instead of %s", res.origin, describePage(head), expected)
	case format == spreadsheet.CSV:
		return unexpected("%s sent text instead of %s: %s", res.origin, expected, truncate(cleanText(head), 150))
	case format != "":
		return unexpected("%s sent %s instead of %s", res.origin, format, expected)
	}
	return damaged("%s sent %d bytes that are not %s; they begin with % x",
		res.origin, len(res.data), expected, res.data[:min(len(res.data), 16)])
}
