package school

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"heek.kr/heektime/internal/spelling"
)

// byteOrderMark begins the files of some editors. YAML allows it at the beginning only.
var byteOrderMark = []byte("\xef\xbb\xbf")

// decode decodes the one YAML document of a school file. Errors name the line.
func decode(data []byte) (*File, error) {
	if err := checkEncoding(data); err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	if err := checkSingleDocument(data); err != nil {
		return nil, err
	}
	var file File
	err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict())
	if err == nil {
		return &file, nil
	}
	text := yaml.FormatError(err, false, true)
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) && unknown.Token != nil {
		first, rest, _ := strings.Cut(text, "\n")
		return nil, errors.New(first + spelling.Suggest(unknown.Token.Value, fileKeys()) + "\n" + rest)
	}
	return nil, errors.New(text)
}

// checkEncoding rejects files that are not UTF-8, and byte order marks that are invisible in the middle
// of a key.
func checkEncoding(data []byte) error {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return errors.New("the file is UTF-16 (it begins with a byte order mark); save it as UTF-8")
	}
	if i := bytes.Index(data, byteOrderMark); i > 0 {
		return fmt.Errorf("line %d contains a byte order mark (U+FEFF), which is invisible; delete it", lineOf(data, i))
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Errorf("line %d: byte %#02x at position %d is not UTF-8; save the file as UTF-8", lineOf(data, i), data[i], i)
		}
		i += size
	}
	return nil
}

// checkSingleDocument rejects a second YAML document, which would be ignored.
func checkSingleDocument(data []byte) error {
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil // decoding reports it
	}
	documents := 0
	for _, d := range parsed.Docs {
		if d.Body == nil || d.Body.Type() == ast.CommentType || d.Body.Type() == ast.CommentGroupType {
			continue
		}
		if documents++; documents == 2 {
			line := d.Body.GetToken().Position.Line
			if d.Start != nil {
				line = d.Start.Position.Line
			}
			return fmt.Errorf("line %d begins a second YAML document; put all schools into one list", line)
		}
	}
	return nil
}

func lineOf(data []byte, position int) int { return 1 + bytes.Count(data[:position], []byte("\n")) }

// fileKeys returns all keys of a school file.
func fileKeys() []string {
	var keys []string
	for _, value := range []any{File{}, School{}, Source{}, Semester{}, Period{}} {
		t := reflect.TypeOf(value)
		for i := range t.NumField() {
			if key := t.Field(i).Tag.Get("yaml"); key != "" {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
