package courses

import (
	"iter"
	"regexp"
	"slices"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// response is the uncompressed body of a school's response, or a file.
type response struct {
	// origin is the host or the file, for errors.
	origin string
	data   []byte
}

// tableRows reads the response as a table. A response in another format is an error that says what
// came instead, such as an error page.
func (res response) tableRows(spec tableSpec) iter.Seq2[tableRow, error] {
	format := spreadsheet.Detect(res.data)
	if !slices.Contains(spec.formats, format) {
		err := res.formatError(string(spec.formats[0]))
		return func(yield func(tableRow, error) bool) { yield(tableRow{}, err) }
	}
	t := &tableReader{tableSpec: spec, origin: res.origin}
	return t.rows(spreadsheet.Rows(res.data, format, spec.file))
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// formatError is the error for a response that is not in the expected format. It says what the
// response is.
func (res response) formatError(expected string) error {
	head := spreadsheet.Preview(res.data, 4096)
	switch format := spreadsheet.Detect(res.data); {
	case format == spreadsheet.HTML:
		page := "a page without a title"
		if m := titleElement.FindStringSubmatch(head); m != nil {
			page = "the page “" + truncate(cleanText(m[1]), 100) + "”"
		}
		return unexpected("%s sent %s instead of %s", res.origin, page, expected)
	case format == spreadsheet.CSV:
		return unexpected("%s sent text instead of %s: %s", res.origin, expected, truncate(cleanText(head), 150))
	case format != "":
		return unexpected("%s sent %s instead of %s", res.origin, format, expected)
	}
	return damaged("%s sent %d bytes that are not %s; they begin with % x",
		res.origin, len(res.data), expected, res.data[:min(len(res.data), 16)])
}
