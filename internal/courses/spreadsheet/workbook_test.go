package spreadsheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/courses/spreadsheet/xlstest"
)

// readRows returns the rows of a workbook as "SHEET NUMBER cell|cell", with links as <link> and unknown
// cells as !problem behind the cell.
func readRows(t *testing.T, data []byte, o spreadsheet.Options) string {
	t.Helper()
	var lines []string
	for row, err := range spreadsheet.Rows(data, spreadsheet.Detect(data), o) {
		if err != nil {
			return strings.Join(append(lines, "error: "+err.Error()), "\n")
		}
		cells := slices.Clone(row.Cells)
		for i := range cells {
			if link := row.Links[i]; link != "" {
				cells[i] += "<" + link + ">"
			}
			if problem := row.CellProblems[i]; problem != "" {
				cells[i] += "!" + problem[:min(len(problem), 9)]
			}
		}
		if text := strings.Join(cells, "|"); strings.Trim(text, "|") != "" {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %d %s", row.Sheet, row.Number, text)))
		}
	}
	return strings.Join(lines, "\n")
}

// writeXLSX writes a workbook that build fills.
func writeXLSX(t testing.TB, build func(f *excelize.File) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := build(f); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func set(f *excelize.File, sheet string, cells map[string]any) error {
	for name, value := range cells {
		if err := f.SetCellValue(sheet, name, value); err != nil {
			return err
		}
	}
	return nil
}

func TestXLSXCells(t *testing.T) {
	format := "00000"
	data := writeXLSX(t, func(f *excelize.File) error {
		zeros, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
		return errors.Join(err,
			set(f, "Sheet1", map[string]any{"A1": "코드", "B1": "시간", "C1": "학점", "A2": 101, "B2": "월3,4", "B3": "수3,4", "C4": 3, "A4": "B", "A5": "계획서", "B5": "묶음"}),
			f.SetCellStyle("Sheet1", "A2", "A2", zeros),
			f.MergeCell("Sheet1", "A2", "A3"),
			f.MergeCell("Sheet1", "B5", "C6"),
			f.SetCellFormula("Sheet1", "C2", "1+2"),
			f.SetCellHyperLink("Sheet1", "A5", "https://school.example/1?a=1&section=2", "External"),
			f.SetCellFormula("Sheet1", "A6", `HYPERLINK("https://school.example/2","계획서")`),
		)
	})
	const want = "Sheet1 1 코드|시간|학점\nSheet1 2 00101|월3,4|!a formula\nSheet1 3 00101|수3,4\nSheet1 4 B||3\n" +
		"Sheet1 5 계획서<https://school.example/1?a=1&section=2>|묶음|묶음\nSheet1 6 <https://school.example/2>!a formula|묶음|묶음"
	if got := readRows(t, data, spreadsheet.Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRecalculatedFormula checks that 0 is no result if the file asks to be calculated.
func TestRecalculatedFormula(t *testing.T) {
	data := writeXLSX(t, func(f *excelize.File) error {
		full := true
		return errors.Join(set(f, "Sheet1", map[string]any{"A1": 0, "B1": 0, "C1": "x"}), f.SetCellFormula("Sheet1", "A1", "1+2"),
			f.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &full}))
	})
	if got, want := readRows(t, data, spreadsheet.Options{}), "Sheet1 1 0!a formula|0|x"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	data = editZip(t, data, "xl/workbook.xml", func(s string) string { return strings.Replace(s, `fullCalcOnLoad="true"`, "", 1) })
	if got, want := readRows(t, data, spreadsheet.Options{}), "Sheet1 1 0|0|x"; got != want {
		t.Errorf("calculated: got %s, want %s", got, want)
	}
}

// editZip changes one file of an archive.
func editZip(t *testing.T, data []byte, name string, edit func(string) string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var files [][2]string
	for _, f := range r.File {
		file, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(file); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if f.Name == name {
			if text = edit(text); text == b.String() {
				t.Fatalf("the edit does not change %s", name)
			}
		}
		files = append(files, [2]string{f.Name, text})
	}
	return zipOf(t, files...)
}

// zipOf writes an archive whose first file is not compressed, as OpenDocument requires.
func zipOf(t testing.TB, files ...[2]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i, f := range files {
		h := &zip.FileHeader{Name: f[0], Method: zip.Deflate}
		if i == 0 {
			h.Method = zip.Store
		}
		file, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestSheets reads sheets of workbooks that have the same ones.
func TestSheets(t *testing.T) {
	xlsx := writeXLSX(t, func(f *excelize.File) error {
		for _, name := range []string{"숨김", "학부", "대학원"} {
			if _, err := f.NewSheet(name); err != nil {
				return err
			}
			if err := set(f, name, map[string]any{"A1": name + "1"}); err != nil {
				return err
			}
		}
		return errors.Join(f.SetSheetVisible("숨김", false),
			f.AddChartSheet("도표", &excelize.Chart{Type: excelize.Line, Series: []excelize.ChartSeries{{Values: "학부!$A$1:$A$2"}}}),
			f.DeleteSheet("Sheet1"))
	})
	// The chart comes first. excelize cannot move it.
	xlsx = editZip(t, xlsx, "xl/workbook.xml", func(s string) string {
		begin := strings.Index(s, `<sheet name="도표"`)
		end := begin + strings.Index(s[begin:], "</sheet>") + len("</sheet>")
		return strings.Replace(s[:begin]+s[end:], "<sheets>", "<sheets>"+s[begin:end], 1)
	})
	ods := odsOf(t, `<style:style style:name="h"><style:table-properties table:display="false"/></style:style>`,
		`<table:table table:name="숨김" table:style-name="h"><table:table-row><table:table-cell><text:p>숨김1</text:p></table:table-cell></table:table-row></table:table>`+
			`<table:table table:name="학부"><table:table-row><table:table-cell><text:p>학부1</text:p></table:table-cell></table:table-row></table:table>`+
			`<table:table table:name="대학원"><table:table-row><table:table-cell><text:p>대학원1</text:p></table:table-cell></table:table-row></table:table>`)
	for name, data := range map[string][]byte{"xlsx": xlsx, "ods": ods} {
		for _, test := range []struct {
			sheets []string
			want   string
		}{
			{nil, "학부 1 학부1"},
			{[]string{"대학원"}, "대학원 1 대학원1"},
			{[]string{"숨김", "대학원"}, "숨김 1 숨김1\n대학원 1 대학원1"},
			{[]string{"*"}, "학부 1 학부1\n대학원 1 대학원1"},
		} {
			if got := readRows(t, data, spreadsheet.Options{Sheets: test.sheets}); got != test.want {
				t.Errorf("%s, sheets %q: got %q, want %q", name, test.sheets, got, test.want)
			}
		}
		err := readRows(t, data, spreadsheet.Options{Sheets: []string{"없음"}})
		if !strings.Contains(err, `"숨김" (hidden), "학부", "대학원"`) || name == "xlsx" && !strings.Contains(err, `"도표" (a chart)`) {
			t.Errorf("%s: error %s, want the names of the sheets", name, err)
		}
		if names := spreadsheet.SheetNames(data, spreadsheet.Format(name)); !strings.Contains(err, names) {
			t.Errorf("%s: SheetNames %s", name, names)
		}
	}
}

// odsOf returns an OpenDocument file with the given automatic styles and sheets.
func odsOf(t testing.TB, styles, sheets string) []byte {
	t.Helper()
	const namespaces = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" ` +
		`xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" ` +
		`xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"`
	return zipOf(t, [2]string{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"},
		[2]string{"content.xml", `<?xml version="1.0" encoding="UTF-8"?><office:document-content ` + namespaces + `><office:automatic-styles>` + styles +
			`</office:automatic-styles><office:body><office:spreadsheet>` + sheets + `</office:spreadsheet></office:body></office:document-content>`})
}

func TestODSCells(t *testing.T) {
	data := odsOf(t, "", `<table:tracked-changes><table:table-row><table:table-cell><text:p>deleted</text:p></table:table-cell></table:table-row></table:tracked-changes>`+
		`<table:table table:name="A"><table:table-column/><table:table-header-rows><table:table-row>`+
		`<table:table-cell><text:p>코드</text:p></table:table-cell><table:table-cell table:number-columns-repeated="2"><text:p>시간</text:p></table:table-cell></table:table-row></table:table-header-rows>`+
		`<table:table-row><table:table-cell table:number-rows-spanned="2" office:value-type="float" office:value="101"><text:p>00101</text:p></table:table-cell>`+
		`<table:table-cell><office:annotation><text:p>comment</text:p></office:annotation><text:p>월<text:s text:c="2"/>3</text:p><text:p>수<text:line-break/>4</text:p></table:table-cell>`+
		`<table:table-cell table:formula="of:=1+2" office:value-type="float" office:value="3"/><table:table-cell table:number-columns-repeated="16000"/></table:table-row>`+
		`<table:table-row><table:covered-table-cell><text:p>old</text:p></table:covered-table-cell><table:table-cell table:formula="of:=1+2"/>`+
		`<table:table-cell><text:p><text:a xlink:href="https://school.example/1?a=1&amp;section=2">계획서</text:a></text:p></table:table-cell></table:table-row>`+
		`<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>`+
		`<table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>넓다</text:p></table:table-cell><table:covered-table-cell/><table:table-cell office:value-type="float" office:value="1.5"/></table:table-row>`+
		`<table:table-row table:number-rows-repeated="1048568"><table:table-cell/></table:table-row></table:table>`)
	const want = "A 1 코드|시간|시간\nA 2 00101|월  3\n수\n4|3"
	got := readRows(t, data, spreadsheet.Options{})
	got = strings.NewReplacer(strings.Repeat("|", 1997), "").Replace(got)
	if want := want + "\nA 3 00101|!a formula|계획서<https://school.example/1?a=1&section=2>\nA 7 넓다|넓다|1.5"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for name, data := range map[string][]byte{
		"a text document": zipOf(t, [2]string{"mimetype", "application/vnd.oasis.opendocument.text"}, [2]string{"content.xml", "<office:document-content/>"}),
		"a password": zipOf(t, [2]string{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, [2]string{"content.xml", "x"},
			[2]string{"META-INF/manifest.xml", "<manifest:encryption-data/>"}),
		"a Word document": zipOf(t, [2]string{"word/document.xml", "<w/>"}),
		"a binary":        zipOf(t, [2]string{"xl/workbook.bin", "x"}),
	} {
		if got := readRows(t, data, spreadsheet.Options{}); !strings.Contains(got, "unsupported file") {
			t.Errorf("%s: got %s, want an unsupported file", name, got)
		}
	}
}

func TestXLSFormats(t *testing.T) {
	le16, rec := xlstest.Le16, xlstest.Record
	formats := []string{"00000", "yyyy-mm-dd", "0.0", `h:mm`, `0"학점"`}
	var globals []byte
	for i, f := range formats {
		globals = append(globals, rec(0x041E, le16(uint16(164+i)), le16(uint16(len([]rune(f)))), wide(f))...)
	}
	xf := func(format uint16) []byte { return rec(0x00E0, le16(0), le16(format), make([]byte, 16)) }
	globals = append(globals, xf(0)...)
	for i := range formats {
		globals = append(globals, xf(uint16(164+i))...)
	}
	globals = append(globals, slices.Concat(xf(9), xf(14), xf(49), xlstest.SharedStrings(nil, 8224))...)
	number := func(column, format int, v float64) []byte {
		return rec(0x0203, le16(0), le16(uint16(column)), le16(uint16(format)), xlstest.Le32(uint32(math.Float64bits(v))), xlstest.Le32(uint32(math.Float64bits(v)>>32)))
	}
	sheet := slices.Concat(number(0, 0, 0.1+0.2), number(1, 1, 101), number(2, 2, 46266), number(3, 3, 3), number(4, 4, 11.25/24),
		number(5, 5, 3), number(6, 6, 0.5), number(7, 8, 12), rec(0x00BD, le16(1), le16(0), le16(1), xlstest.Le32(7<<2|2), le16(1), xlstest.Le32(8<<2|2), le16(1)))
	got := readRows(t, xlstest.Container(xlstest.Workbook(globals, sheet)), spreadsheet.Options{})
	if want := "Sheet1 1 0.3|00101|2026-09-01|3.0|11:15|3학점|50%|12\nSheet1 2 00007|00008"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// wide returns the flag and the characters of a string with two bytes each.
func wide(s string) []byte {
	b := []byte{1}
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

func TestXLSMergedCells(t *testing.T) {
	le16, rec, cell := xlstest.Le16, xlstest.Record, xlstest.CellHeader
	text := func(row, column int, i uint32) []byte { return rec(0xFD, cell(row, column), xlstest.Le32(i)) }
	sheet := slices.Concat(text(0, 0, 0), text(0, 1, 1), text(1, 1, 2),
		rec(0x06, cell(2, 0), make([]byte, 8), le16(1), make([]byte, 6)),
		rec(0xE5, le16(1), le16(0), le16(1), le16(0), le16(0)))
	got := readRows(t, xlstest.Container(xlstest.Workbook(xlstest.SharedStrings([]string{"A1", "월3", "수3"}, 8224), sheet)), spreadsheet.Options{})
	if want := "Sheet1 1 A1|월3\nSheet1 2 A1|수3\nSheet1 3 0!a formula"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHTMLLinksAndEntities(t *testing.T) {
	const page = `<html><base href="/list/"><table><thead><tr><th>URL<th>계획서</thead><tbody><tr><td rowspan=3>?year=2026&section=01&region=3&copy=1&nbsp 3 &amp;lt; &#44608;` +
		`<td><a href="view?year=2026&section=01">열기</a><tr><td><a href="1">1</a> <a href="2">2</a></tbody><tr><td>A<td>B</table></html>`
	got := readRows(t, []byte(page), spreadsheet.Options{})
	const cell = "?year=2026&section=01&region=3&copy=1\u00a0 3 &lt; 김"
	if want := "1 URL|계획서\n2 " + cell + "|열기</list/view?year=2026&section=01>\n3 " + cell + "|1 2\n4 A|B"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSONRows(t *testing.T) {
	const list = `{"result": {"colleges": [{"name": "a", "lectures": [{"code": "A1", "credit": 3.0, "room": {"name": "별관"}, "meetings": [{"day": "월"}, {"day": "수"}]}]},` +
		`{"name": "b", "lectures": [{"code": "A2", "room": null, "times.text": "월3", "meetings": []}, {"code": {"x": 1}}, 5]}]}}`
	o := spreadsheet.Options{Rows: "result.colleges.lectures", Fields: []string{"code", "credit", "room.name", "meetings.day", "times.text"}}
	var got []string
	for row, err := range spreadsheet.Rows([]byte(list), spreadsheet.JSON, o) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(row.Cells, "|")+row.Problem+row.CellProblems[0])
	}
	want := []string{"code|credit|room.name|meetings.day|times.text", "A1|3.0|별관|월\n수|", "A2||||월3",
		"||||an object instead of a text; its fields are \"x\"", "||||not a JSON object of up to 1048576 bytesa text instead of an object with the field code"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for _, test := range []struct{ data, rows, want string }{
		{list, "result.rows", `no rows of the path result.rows; the arrays of the file are "result.colleges" (2 elements)`},
		{list, "result", `"result" is not an array`},
		{list[:100], "", "cut off after 100 bytes"},
		{list + "x", "", "after top-level value at byte 280"},
		{`[{"Code": 1}]`, "", `no row has the field code, credit, room.name, meetings.day, times.text; the first row has "Code"`},
	} {
		for _, err := range spreadsheet.Rows([]byte(test.data), spreadsheet.JSON, spreadsheet.Options{Rows: test.rows, Fields: o.Fields}) {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("rows %q: error %v, want %q", test.rows, err, test.want)
			}
			break
		}
	}
}
