package spreadsheet_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/courses/spreadsheet/xlstest"
)

// readAll reads a file up to its end or the first error.
func readAll(data []byte, o spreadsheet.Options) ([][]string, error) {
	var rows [][]string
	for row, err := range spreadsheet.Rows(data, spreadsheet.Detect(data), o) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, slices.Clone(row.Cells))
	}
	return rows, nil
}

func TestFormats(t *testing.T) {
	want := [][]string{{"과목번호", "과목명", "비고"}, {"GN101-01", "별 보기의 기초", "®"}, {"GN102-01", "Reading, writing", "ⓔ 정원 “20”"}}
	text := "과목번호,과목명,비고\nGN101-01,별 보기의 기초,®\nGN102-01,\"Reading, writing\",ⓔ 정원 “20”\n"
	tables := "<html><table><tr><th>과목번호<th>과목명<th>비고</tr><tr><td>GN101-01</td><td>별 보기의 기초</td><td>&reg;</td></tr>" +
		"<tr><td>GN102-01<td>Reading, writing<td>ⓔ 정원 “20”</table></html>"
	euc, err := korean.EUCKR.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		data   []byte
		format spreadsheet.Format
	}{
		{"xls", xlstest.FromStrings(want), spreadsheet.XLS},
		{"xlsx", xlsx(t, want), spreadsheet.XLSX},
		{"csv", []byte(text), spreadsheet.CSV},
		{"csv with a byte order mark", []byte("\xef\xbb\xbf" + text), spreadsheet.CSV},
		{"csv in EUC-KR", []byte(euc), spreadsheet.CSV},
		{"csv in UTF-16", []byte(wide), spreadsheet.CSV},
		{"csv with semicolons", []byte(strings.ReplaceAll(text, ",", ";")), spreadsheet.CSV},
		{"html", []byte(tables), spreadsheet.HTML},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := spreadsheet.Detect(test.data); got != test.format {
				t.Fatalf("Detect: %q, want %q", got, test.format)
			}
			got, err := readAll(test.data, spreadsheet.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if test.name == "csv with semicolons" {
				got[2][1] = strings.ReplaceAll(got[2][1], ";", ",")
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("rows\n got %q\nwant %q", got, want)
			}
		})
	}
}

func xlsx(t testing.TB, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestXLSCells(t *testing.T) {
	le16, le32, rec, cell := xlstest.Le16, xlstest.Le32, xlstest.Record, xlstest.CellHeader
	rk := func(v int32, flags uint32) []byte { return le32(uint32(v)<<2 | flags) }
	result := func(b ...byte) []byte { return append(b, make([]byte, 6)...) }
	globals := xlstest.SharedStrings([]string{"하나", "둘"}, 8224)
	for _, test := range []struct {
		name  string
		sheet []byte
		want  [][]string
	}{
		{"shared strings", slices.Concat(rec(0xFD, cell(0, 0), le32(1)), rec(0xFD, cell(0, 2), le32(0))), [][]string{{"둘", "", "하나"}}},
		{"gap between rows", slices.Concat(rec(0xFD, cell(0, 0), le32(0)), rec(0xFD, cell(7, 0), le32(1))), [][]string{{"하나"}, {"둘"}}},
		{"RK numbers", slices.Concat(rec(0x27E, cell(0, 0), rk(300, 2)), rec(0x27E, cell(0, 1), rk(250, 3)), rec(0x27E, cell(0, 2), rk(-7, 2))), [][]string{{"300", "2.5", "-7"}}},
		{"RK float", rec(0x27E, cell(0, 0), le32(uint32(math.Float64bits(1.5)>>32))), [][]string{{"1.5"}}},
		{"MULRK", rec(0xBD, le16(0), le16(1), le16(0), rk(1, 2), le16(0), rk(2, 2), le16(2)), [][]string{{"", "1", "2"}}},
		{"inline string", rec(0x204, cell(0, 0), le16(2), []byte{0, 'a', 0xAE}), [][]string{{"a®"}}},
		{"boolean and error", slices.Concat(rec(0x205, cell(0, 0), []byte{1, 0}), rec(0x205, cell(0, 1), []byte{7, 1})), [][]string{{"TRUE", "#DIV/0!"}}},
		{"formula with a text result", slices.Concat(
			rec(0x06, cell(0, 0), result(0, 0, 0, 0, 0, 0, 0xFF, 0xFF)), rec(0x207, le16(2), []byte{0, 'o'}), rec(0x3C, []byte{1, 0x5C, 0xB8})),
			[][]string{{"o로"}}},
		{"formula with a number result", rec(0x06, cell(0, 0), result(0, 0, 0, 0, 0, 0, 0x08, 0x40)), [][]string{{"3"}}},
		{"chart within the sheet", slices.Concat(
			rec(0xFD, cell(0, 0), le32(0)), rec(0x809, make([]byte, 16)), rec(0x203, cell(0, 0), make([]byte, 8)), rec(0x0A)),
			[][]string{{"하나"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readAll(xlstest.Container(xlstest.Workbook(globals, test.sheet)), spreadsheet.Options{})
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

// TestXLSStringsAcrossRecords splits the string table at every possible position.
func TestXLSStringsAcrossRecords(t *testing.T) {
	want := []string{"latin ®", "한글과 latin", "", "🎓 둘이서 하나", strings.Repeat("길", 300)}
	var sheet []byte
	for i := range want {
		sheet = append(sheet, xlstest.Record(0xFD, xlstest.CellHeader(0, i), xlstest.Le32(uint32(i)))...)
	}
	for maxSize := 12; maxSize < 400; maxSize++ {
		got, err := readAll(xlstest.Container(xlstest.Workbook(xlstest.SharedStrings(want, maxSize), sheet)), spreadsheet.Options{})
		if err != nil || len(got) != 1 || !slices.Equal(got[0], want) {
			t.Fatalf("records of %d bytes: got %q, %v", maxSize, got, err)
		}
	}
}

func TestHTMLCells(t *testing.T) {
	for _, test := range []struct {
		name, page string
		want       [][]string
	}{
		{"spans", "<table><tr><td rowspan=2>A<td colspan=2>B</tr><tr><td>C<td>D</tr></table>", [][]string{{"A", "B", "B"}, {"A", "C", "D"}}},
		{"line breaks", "<table><tr><td>월1<br>화2<td><p>a</p><p>b</p></td></tr></table>", [][]string{{"월1\n화2", "a\n\nb"}}},
		{"entities", "<table><tr><td>A&amp;B&nbsp;C&#39;</td></tr></table>", [][]string{{"A&B\u00a0C'"}}},
		{"scripts", "<table><tr><td><script>if (a<b) x='</td>'</script>A<style>td{}</style></td></tr></table>", [][]string{{"A"}}},
		{"nested table", "<table><tr><td>A<table><tr><td>in</td></tr></table></td><td>B</td></tr></table>", [][]string{{"in"}, {"A", "B"}}},
		{"no end tags except </html>", "<table><tr><td>A<td>B<tr><td>C</html>", [][]string{{"A", "B"}, {"C"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readAll([]byte(test.page), spreadsheet.Options{})
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	rows := make([][]string, 600)
	for i := range rows {
		rows[i] = []string{fmt.Sprintf("GN%03d", i), "별 보기의 기초"}
	}
	xls := xlstest.FromStrings(rows)
	book := xlsx(t, rows)
	for _, test := range []struct {
		name string
		data []byte
		o    spreadsheet.Options
		want error
	}{
		{"first half of an xls", xls[:len(xls)/2], spreadsheet.Options{}, spreadsheet.ErrCorrupt},
		{"header of an xls", xls[:100], spreadsheet.Options{}, spreadsheet.ErrCorrupt},
		{"missing string", xlstest.Container(xlstest.Workbook(nil, xlstest.Record(0xFD, xlstest.CellHeader(0, 0), xlstest.Le32(3)))), spreadsheet.Options{}, spreadsheet.ErrCorrupt},
		{"rows out of order", xlstest.Container(xlstest.Workbook(nil, slices.Concat(xlstest.Record(0x205, xlstest.CellHeader(1, 0), []byte{1, 0}), xlstest.Record(0x205, xlstest.CellHeader(0, 0), []byte{1, 0})))), spreadsheet.Options{}, spreadsheet.ErrCorrupt},
		{"excessive string count", xlstest.Container(xlstest.Workbook(xlstest.Record(0xFC, xlstest.Le32(1), xlstest.Le32(1<<30)), nil)), spreadsheet.Options{}, spreadsheet.ErrCorrupt},
		{"missing sheet", xls, spreadsheet.Options{Sheets: []string{"없는 시트"}}, spreadsheet.ErrUnsupported},
		{"password", xlstest.Container(xlstest.Workbook(xlstest.Record(0x2F, make([]byte, 6)), nil)), spreadsheet.Options{}, spreadsheet.ErrUnsupported},
		{"first half of an xlsx", book[:len(book)/2], spreadsheet.Options{}, spreadsheet.ErrCorrupt},
		{"missing sheet in an xlsx", book, spreadsheet.Options{Sheets: []string{"없는 시트"}}, spreadsheet.ErrUnsupported},
		{"xlsx over the size limit", book, spreadsheet.Options{MaxUncompressed: 5000}, spreadsheet.ErrTooLarge},
		{"first half of a page", []byte("<html><table><tr><td>A</td></tr><tr><td>B"), spreadsheet.Options{}, spreadsheet.ErrCorrupt},
		{"random bytes", []byte("\x00\x01\x02\x9f\xff\x13noise"), spreadsheet.Options{}, spreadsheet.ErrUnsupported},
		{"unknown charset", []byte("a,b"), spreadsheet.Options{Charset: "klingon"}, spreadsheet.ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := readAll(test.data, test.o); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// TestXLSTruncated checks that a truncated file is never accepted as complete.
func TestXLSTruncated(t *testing.T) {
	whole := xlstest.FromStrings([][]string{{"과목번호", "과목명"}, {"GN101", "별 보기의 기초"}})
	for n := 8; n < len(whole); n++ {
		// The padding after the last record may be missing.
		if rows, err := readAll(whole[:n], spreadsheet.Options{}); err == nil && len(rows) != 2 {
			t.Fatalf("the first %d of %d bytes: got %q, want an error", n, len(whole), rows)
		}
	}
}

func FuzzRows(f *testing.F) {
	rows := [][]string{{"과목번호", "과목명", "시간"}, {"GN101", "별 보기의 기초", "월(11:00~12:15)"}}
	whole := xlstest.FromStrings(rows)
	f.Add(whole)
	f.Add(whole[:len(whole)-512])
	f.Add(xlsx(f, rows))
	f.Add([]byte("a,\"b\nc;d\n"))
	f.Add([]byte("<table><tr><td rowspan=9999 colspan=9999>A<tr><td>B</table>"))
	f.Add([]byte("<table><tr><td><table></td></tr></table></html>"))
	f.Add([]byte("\xff\xfea\x00,\x00"))
	f.Add([]byte("a,\"b\nc,d\ne\",f\n"))
	f.Add([]byte(`{"a": [{"b": [{"c": 1}, {"c": null}], "d": "x"}, 2]}`))
	f.Add(odsOf(f, "", `<table:table table:name="A"><table:table-row table:number-rows-repeated="9"><table:table-cell table:number-rows-spanned="3" table:number-columns-repeated="2"><text:p>a</text:p></table:table-cell></table:table-row></table:table>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []spreadsheet.Format{spreadsheet.XLS, spreadsheet.XLSX, spreadsheet.ODS, spreadsheet.CSV, spreadsheet.HTML, spreadsheet.JSON} {
			n := 0
			o := spreadsheet.Options{MaxUncompressed: 1 << 20, Sheets: []string{"*"}, Rows: "a", Fields: []string{"b.c", "d"}}
			for _, err := range spreadsheet.Rows(data, format, o) {
				if n++; err != nil || n > 5000 {
					break
				}
			}
		}
	})
}

// FuzzXLSStream fuzzes the workbook stream. FuzzRows rarely gets there, because most mutations break
// the container.
func FuzzXLSStream(f *testing.F) {
	f.Add(xlstest.Stream([][]any{{"과목번호", "과목명", 3.0}, {"GN101", "별 보기", 2.5}}))
	f.Add(xlstest.Workbook(xlstest.SharedStrings([]string{"latin", "한글"}, 14), xlstest.Record(0xFD, xlstest.CellHeader(0, 0), xlstest.Le32(1))))
	f.Add(xlstest.Workbook(nil, xlstest.Record(0xBD, xlstest.CellHeader(0, 0))))
	f.Fuzz(func(t *testing.T, stream []byte) {
		if len(stream) > 1<<16 {
			return
		}
		for range spreadsheet.Rows(xlstest.Container(stream), spreadsheet.XLS, spreadsheet.Options{}) {
		}
	})
}
