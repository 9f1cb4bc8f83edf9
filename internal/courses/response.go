package courses

import (
	"cmp"
	"context"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// response is the uncompressed body of a school's response, or a file.
type response struct {
	// ctx is the context of the request; reading the response ends with it.
	ctx context.Context
	// list receives the columns that a table has.
	list *listBuilder
	// origin is the page or the file, for errors. It says where a redirect led.
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
	spec.file.Context = res.ctx
	if res.list != nil {
		res.list.invalidByte = nil
		if format == spreadsheet.CSV || format == spreadsheet.HTML {
			res.list.invalidByte = sync.OnceValue(func() string {
				return cmp.Or(spreadsheet.InvalidByte(res.data, spec.file.Charset), "U+FFFD in the file itself")
			})
		}
	}
	t := &tableReader{tableSpec: spec, origin: res.origin, data: res.data, format: format}
	rows := t.rows(spreadsheet.Rows(res.data, format, spec.file))
	return func(yield func(tableRow, error) bool) {
		defer func() { res.list.sawTable(res.origin, t.columns, t.header) }()
		for row, err := range rows {
			if err != nil && format == spreadsheet.HTML {
				err = res.withTitle(err)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// withTitle adds the page's title to an error, because a page without the list usually says why.
func (res response) withTitle(err error) error {
	s, ok := status.FromError(err)
	title := pageTitle(spreadsheet.Preview(res.data, 4096))
	if !ok || title == "" {
		return err
	}
	return status.Errorf(s.Code(), "%s; it is %s%s", s.Message(), title, res.loginHint(title))
}

// loginHint explains a page that asks for a password.
func (res response) loginHint(title string) string {
	if loginPage.MatchString(res.origin) || loginPage.MatchString(title) {
		return "; schools that require a login are not supported"
	}
	return ""
}

// pageTitle describes a page by its title, "" if head does not begin a page with one.
func pageTitle(head string) string {
	if m := titleElement.FindStringSubmatch(head); m != nil {
		return "the page “" + truncate(cleanText(m[1]), 100) + "”"
	}
	return ""
}

// loginPage matches an address or a title that asks for a password.
var loginPage = regexp.MustCompile(`(?i)log-?in|sign-?in|/sso|saml|oauth|로그인`)

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

// formatError is the error for a response that is not in the expected format. It says what the
// response is.
func (res response) formatError(expected string) error {
	head := spreadsheet.Preview(res.data, 4096)
	switch format := spreadsheet.Detect(res.data); {
	case spreadsheet.Describe(res.data) != "":
		return unexpected("%s sent %s instead of %s", res.origin, spreadsheet.Describe(res.data), expected)
	case format == spreadsheet.HTML:
		page := pageTitle(head)
		if page == "" {
			page = "a page without a title"
		}
		return unexpected("%s sent %s instead of %s%s", res.origin, page, expected, res.loginHint(page))
	case format == spreadsheet.CSV:
		return unexpected("%s sent text instead of %s: %s", res.origin, expected, truncate(cleanText(head), 150))
	case format != "":
		return unexpected("%s sent %s instead of %s", res.origin, format, expected)
	}
	return damaged("%s sent %d bytes that are not %s; they begin with % x",
		res.origin, len(res.data), expected, res.data[:min(len(res.data), 16)])
}
