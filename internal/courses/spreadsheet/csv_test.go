package spreadsheet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// readCSV returns the cells of each row, joined with bars, or "!" and the problem.
func readCSV(t *testing.T, data string, o spreadsheet.Options) string {
	t.Helper()
	var rows []string
	for row, err := range spreadsheet.Rows([]byte(data), spreadsheet.CSV, o) {
		switch {
		case err != nil:
			return "error: " + err.Error()
		case row.Neighbor:
			rows = append(rows, fmt.Sprintf("%d? %s", row.Number, strings.Join(row.Cells, "|")))
		case row.Problem != "":
			rows = append(rows, fmt.Sprintf("%d! %s", row.Number, row.Problem))
		default:
			rows = append(rows, fmt.Sprintf("%d %s", row.Number, strings.Join(row.Cells, "|")))
		}
	}
	return strings.Join(rows, "\n")
}

func TestCSVQuotes(t *testing.T) {
	const header = "code,title,times\n"
	for _, test := range []struct{ name, data, want string }{
		{"quotes as in RFC 4180", header + "\"a\",\"b \"\"c\"\"\",\"1,2\"\n", "1 code|title|times\n2 a|b \"c\"|1,2"},
		{"text after a closing quote", header + "a,\"b\" c,1\nd,e,2\n",
			"1 code|title|times\n2! a closing quote with text after it, at byte 5 of the line\n3 d|e|2"},
		{"quote within a cell", header + "a,b \"c\",1\nd,e,2\n",
			"1 code|title|times\n2! a quote in the middle of an unquoted cell, at byte 5 of the line\n3 d|e|2"},
		{"quote that is closed many rows later", header + "a,\"b,1\nd,e,2\nf,g,3\nh,\"i,j\",4\nk,l,5\n",
			"1 code|title|times\n2! a quote that is not closed before line 5\n3 d|e|2\n4 f|g|3\n5 h|i,j|4\n6 k|l|5"},
		{"two unmatched quotes that match each other", header + "a,\"b,1\nd,e,2\nf,g\",3\nh,i,4\n",
			"1 code|title|times\n2! its quote ends in line 4, but the lines between look like rows: a quote may be missing\n3 d|e|2\n" +
				"4! a quote in the middle of an unquoted cell, at byte 4 of the line\n5 h|i|4"},
		{"two unmatched quotes in rows next to each other", header + "a,\"b,1\nf,g\",3\nh,i,4\n",
			"1 code|title|times\n2! its quote ends in line 3, but the lines between look like rows: a quote may be missing\n" +
				"3! a quote in the middle of an unquoted cell, at byte 4 of the line\n4 h|i|4"},
		{"quote that is never closed", header + "a,\"b,1\nd,e,2\n", "1 code|title|times\n2! a quote that is not closed before line 3\n3 d|e|2"},
		{"cell of several lines", header + "a,b,\"1,2\n3,4\"\nd,e,2\n", "1 code|title|times\n2 a|b|1,2\n3,4\n4 d|e|2"},
		{"apostrophes", header + "a,'b, c',1\nd,e,2\n", "1 code|title|times\n2 a|'b| c'|1\n3 d|e|2"},
		{"line of one cell between rows", header + "a,b,1\nA2\nd,e,2\nf,g,3\n", "1 code|title|times\n2? a|b|1\n3 A2\n4? d|e|2\n5 f|g|3"},
		{"half a row", header + "a,b,1\nc,d\ne,f,2\nf,g,3\n", "1 code|title|times\n2? a|b|1\n3 c|d\n4? e|f|2\n5 f|g|3"},
		{"half a row at the end", header + "a,b,1\nc,d\n", "1 code|title|times\n2? a|b|1\n3 c|d"},
		{"half a row behind a blank line", header + "a,b,1\n\nc,d\n", "1 code|title|times\n2 a|b|1\n4 c|d"},
		{"note at the end", header + "a,b,1\nA2\n", "1 code|title|times\n2 a|b|1\n3 A2"},
		{"text in formulas", header + "=\"00101\",b,\"=\"\"01\"\"\"\n", "1 code|title|times\n2 00101|b|01"},
		{"separator line", "sep=;\ncode;title\na,b;c\n", "2 code|title\n3 a,b|c"},
		{"tabs", "code\ttitle\na,b,c\td,e\n", "1 code|title\n2 a,b,c|d,e"},
		{"semicolons and decimal commas", "code;credit;times\na;2,5;1,2\nb;3,0;3,4\n", "1 code|credit|times\n2 a|2,5|1,2\n3 b|3,0|3,4"},
		{"carriage returns", "code,title\ra,\"b\nc\"\rd,e\r", "1 code|title\n2 a|b\nc\n4 d|e"},
		{"two carriage returns", "code,title\r\r\na,b\r\r\n", "1 code|title\r\n2 a|b\r"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := readCSV(t, test.data, spreadsheet.Options{}); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestCharsets(t *testing.T) {
	const text = "학수번호,과목명\nGN101,별 보기의 기초\nGN102,샾 뷁 펲\n"
	const want = "1 학수번호|과목명\n2 GN101|별 보기의 기초\n3 GN102|샾 뷁 펲"
	euc, err := korean.EUCKR.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	utf16 := func(order unicode.Endianness, policy unicode.BOMPolicy) string {
		s, err := unicode.UTF16(order, policy).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	long := func(s string) string {
		return s + strings.Repeat("GN103,"+s[strings.Index(s, ",")+1:strings.Index(s, "\n")]+"\n", 40)
	}
	cut := func(s, char string) string { return strings.Replace(s, char, char[:len(char)-1], 1) }
	for _, test := range []struct {
		name, data, charset, want string
	}{
		{"utf-8", text, "", want},
		{"utf-8 with a byte order mark", "\xef\xbb\xbf" + text, "", want},
		{"byte order mark against the option", "\xef\xbb\xbf" + text, "euc-kr", want},
		{"cp949", euc, "", want},
		{"little endian", utf16(unicode.LittleEndian, unicode.UseBOM), "", want},
		{"big endian", utf16(unicode.BigEndian, unicode.UseBOM), "", want},
		{"little endian without a byte order mark", utf16(unicode.LittleEndian, unicode.IgnoreBOM), "", want},
		{"big endian without a byte order mark", utf16(unicode.BigEndian, unicode.IgnoreBOM), "", want},
		{"utf-16le as an option", utf16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le", want},
		{"utf-16le as an option, with a byte order mark", utf16(unicode.LittleEndian, unicode.UseBOM), "utf-16le", want},
		{"neither", "학수번호,과목명\n\xb0\xa1\xb3\xaa\xb4\xd9,\xff\xfe\xb0\n", "",
			"error: the charset is uncertain: byte 0xb0 at position 23 (line 2) is invalid in utf-8, byte 0xed at position 0 (line 1) is invalid in euc-kr; set option charset: unsupported file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := readCSV(t, test.data, spreadsheet.Options{Charset: test.charset}); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if test.charset == "" && !strings.Contains(test.want, "error") && spreadsheet.Detect([]byte(test.data)) != spreadsheet.CSV {
				t.Errorf("Detect: %q, want csv", spreadsheet.Detect([]byte(test.data)))
			}
		})
	}
	for name, data := range map[string]string{"utf-8": cut(long(text), "별"), "euc-kr": cut(long(euc), "\xba\xb0")} {
		t.Run("one cut character in "+name, func(t *testing.T) {
			for row, err := range spreadsheet.Rows([]byte(data), spreadsheet.CSV, spreadsheet.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				damaged := slices.ContainsFunc(row.Cells, func(c string) bool { return strings.Contains(c, "\uFFFD") })
				if damaged != (row.Number == 2) || (row.InvalidByte != "") != damaged {
					t.Errorf("row %d: %q, invalid byte %q", row.Number, row.Cells, row.InvalidByte)
				}
				if damaged && !strings.Contains(row.InvalidByte, "is invalid in "+name) {
					t.Errorf("invalid byte %q, want the charset %s", row.InvalidByte, name)
				}
			}
		})
	}
}
