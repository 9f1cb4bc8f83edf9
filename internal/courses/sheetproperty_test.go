package courses

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"heek.kr/heektime/internal/courses/spreadsheet/xlstest"
)

// propertyHeader is the header of the generated tables. All of its columns are read.
var propertyHeader = []string{"code", "title", "credit", "room", "times", "who"}

const propertyOptions = required + "column.credit: credit\ncolumn.professor: who\ncolumn.times: times\ntimes: 월3,4\ncolumn.room: room\n"

// generateTable returns rows whose texts are difficult to write: quotes, delimiters, line breaks and
// entities. The first column numbers them.
func generateTable(r *rand.Rand, lineBreaks bool) [][]string {
	titles := []string{"별 보기의 기초", "\"빅데이터\" 분석", "Reading, writing", "a;b\tc|d", "A & B", "O'Neill의 \"시\", 그리고", "x=\"1\"", "R&D &c"}
	times := []string{"월3,4", "월3", "화3,4/목3,4", ""}
	if lineBreaks {
		times = append(times, "월3,4\n수3,4")
	}
	rows := [][]string{propertyHeader}
	for i := range 3 + r.IntN(12) {
		row := []string{fmt.Sprintf("%03d", i), titles[r.IntN(len(titles))], fmt.Sprint(1 + r.IntN(4)), "별관 401", times[r.IntN(len(times))], "나별이"}
		if row[4] == "" {
			row[3] = ""
		}
		rows = append(rows, row)
	}
	return rows
}

// wantLectures describes the lectures of a table. The clean table is read without any format.
func wantLectures(t *testing.T, rows [][]string) map[string]string {
	t.Helper()
	var objects []map[string]string
	for _, row := range rows[1:] {
		o := map[string]string{}
		for i, name := range propertyHeader {
			o[name] = row[i]
		}
		objects = append(objects, o)
	}
	data, err := json.Marshal(objects)
	if err != nil {
		t.Fatal(err)
	}
	l, err := readTable(t, string(data), propertyOptions+"format: json\n")
	if err != nil || len(l.lectures) != len(rows)-1 {
		t.Fatalf("%d lectures of %d rows, error %v", len(l.lectures), len(rows)-1, err)
	}
	return lectureTexts(l)
}

func lectureTexts(l *listBuilder) map[string]string {
	texts := map[string]string{}
	for _, lec := range l.lectures {
		texts[lec.Identifier] = fmt.Sprintf("%q %v %q %s", lec.Name, lec.Credit, lec.Professor, formatMeetings([]meeting{lec.Times}))
	}
	return texts
}

// propertyFormats write a table in each format, by writers that share no code with the readers.
var propertyFormats = map[string]func(rows [][]string) ([]byte, error){
	"csv": func(rows [][]string) ([]byte, error) { return []byte(writeCSV(rows, ",", "\r\n", false)), nil },
	"csv, all quoted": func(rows [][]string) ([]byte, error) {
		return []byte(writeCSV(rows, ",", "\n", true)), nil
	},
	"csv with semicolons": func(rows [][]string) ([]byte, error) { return []byte(writeCSV(rows, ";", "\n", false)), nil },
	"tsv":                 func(rows [][]string) ([]byte, error) { return []byte(writeCSV(rows, "\t", "\n", false)), nil },
	"csv with carriage returns": func(rows [][]string) ([]byte, error) {
		return []byte(writeCSV(rows, ",", "\r", false)), nil
	},
	"csv in CP949": func(rows [][]string) ([]byte, error) {
		return korean.EUCKR.NewEncoder().Bytes([]byte(writeCSV(rows, ",", "\n", false)))
	},
	"csv in UTF-16": func(rows [][]string) ([]byte, error) {
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(writeCSV(rows, "\t", "\n", false)))
	},
	"xls": func(rows [][]string) ([]byte, error) { return xlstest.FromStrings(rows), nil },
	"xlsx": func(rows [][]string) ([]byte, error) {
		f := excelize.NewFile()
		defer f.Close()
		for i, row := range rows {
			if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
				return nil, err
			}
		}
		var b bytes.Buffer
		err := f.Write(&b)
		return b.Bytes(), err
	},
	"ods": writeODS,
	"html": func(rows [][]string) ([]byte, error) {
		var b strings.Builder
		b.WriteString("<!DOCTYPE html><html><table>")
		for _, row := range rows {
			b.WriteString("<tr>")
			for _, c := range row {
				b.WriteString("<td>" + strings.ReplaceAll(html.EscapeString(c), "\n", "<br>") + "</td>")
			}
			b.WriteString("</tr>\n")
		}
		return []byte(b.String() + "</table></html>"), nil
	},
}

// writeCSV writes CSV with quotes where RFC 4180 requires them, or around every cell.
func writeCSV(rows [][]string, delimiter, newline string, quoteAll bool) string {
	var b strings.Builder
	for _, row := range rows {
		for i, c := range row {
			if i > 0 {
				b.WriteString(delimiter)
			}
			if quoteAll || strings.ContainsAny(c, "\"\r\n"+delimiter) {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString(newline)
	}
	return b.String()
}

func writeODS(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	mimetype, err := z.CreateHeader(&zip.FileHeader{Name: "mimetype"})
	if err != nil {
		return nil, err
	}
	fmt.Fprint(mimetype, "application/vnd.oasis.opendocument.spreadsheet")
	content, err := z.Create("content.xml")
	if err != nil {
		return nil, err
	}
	fmt.Fprint(content, `<office:document-content><office:body><office:spreadsheet><table:table table:name="A">`)
	for _, row := range rows {
		fmt.Fprint(content, "<table:table-row>")
		for _, c := range row {
			fmt.Fprint(content, `<table:table-cell office:value-type="string">`)
			for line := range strings.SplitSeq(c, "\n") {
				fmt.Fprint(content, "<text:p>")
				if err := xml.EscapeText(content, []byte(line)); err != nil {
					return nil, err
				}
				fmt.Fprint(content, "</text:p>")
			}
			fmt.Fprint(content, "</table:table-cell>")
		}
		fmt.Fprint(content, "</table:table-row>\n")
	}
	fmt.Fprint(content, "</table:table></office:spreadsheet></office:body></office:document-content>")
	err = z.Close()
	return b.Bytes(), err
}

// TestFormatsReadExactly reads random tables in every format.
func TestFormatsReadExactly(t *testing.T) {
	for name, write := range propertyFormats {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(25) {
				rows := generateTable(rand.New(rand.NewPCG(seed, 1)), true)
				data, err := write(rows)
				if err != nil {
					t.Fatal(err)
				}
				l, err := readTable(t, string(data), propertyOptions)
				if err != nil {
					t.Fatalf("seed %d: %v\n%q", seed, err, data)
				}
				got, want := lectureTexts(l), wantLectures(t, rows)
				for id, text := range want {
					if got[id] != text {
						t.Fatalf("seed %d, %s: got %s, want %s", seed, id, got[id], text)
					}
				}
			}
		})
	}
}

// dirt damages a row of CSV as careless exports do. It returns the line, or false if it cannot damage
// this row.
var dirt = map[string]func(r *rand.Rand, row []string) (string, bool){
	"quotes are not doubled": func(_ *rand.Rand, row []string) (string, bool) {
		quoted := `"` + strings.Join(row, `","`) + `"`
		return quoted, strings.Contains(row[1], `"`)
	},
	"nothing is quoted": func(_ *rand.Rand, row []string) (string, bool) {
		line := strings.Join(row, ",")
		return line, strings.ContainsAny(row[1]+row[4], `",`)
	},
	"a quote at the begin of a cell": func(r *rand.Rand, row []string) (string, bool) {
		return damageCell(r, row, func(c string) string { return `"` + c }), true
	},
	"a quote at the end of a cell": func(r *rand.Rand, row []string) (string, bool) {
		return damageCell(r, row, func(c string) string { return c + `"` }), true
	},
	"a quote within a cell": func(r *rand.Rand, row []string) (string, bool) {
		return damageCell(r, row, func(c string) string { return c[:len(c)/2] + `"` + c[len(c)/2:] }), true
	},
	"a line break in a cell": func(r *rand.Rand, row []string) (string, bool) {
		return damageCell(r, row, func(c string) string { return "0\n" + c }), true
	},
	"a delimiter too many": func(r *rand.Rand, row []string) (string, bool) {
		return damageCell(r, row, func(c string) string { return c + "," }), true
	},
	"a cell too few": func(r *rand.Rand, row []string) (string, bool) {
		i := r.IntN(len(row))
		return strings.TrimSuffix(writeCSV([][]string{append(append([]string{}, row[:i]...), row[i+1:]...)}, ",", "\n", false), "\n"), true
	},
	"an invalid byte": func(r *rand.Rand, row []string) (string, bool) {
		return damageCell(r, row, func(c string) string { return c + "\xec\x9d" }), true
	},
	"an error value": func(r *rand.Rand, row []string) (string, bool) {
		return damageCell(r, row, func(string) string { return "#REF!" }), true
	},
}

// damageCell changes one cell, which is written without quotes of its own.
func damageCell(r *rand.Rand, row []string, change func(string) string) string {
	damaged := r.IntN(len(row))
	cells := make([]string, len(row))
	for i, c := range row {
		cells[i] = strings.TrimSuffix(writeCSV([][]string{{c}}, ",", "\n", false), "\n")
		if i == damaged {
			cells[i] = change(strings.NewReplacer(",", " ", `"`, "", "\n", " ").Replace(c))
		}
	}
	return strings.Join(cells, ",")
}

// TestDirtIsLeftOut damages some rows of a table. Every lecture that is read must be one that was
// generated; the others must be counted. With one damaged row, all others but its neighbours are read.
func TestDirtIsLeftOut(t *testing.T) {
	for name, damage := range dirt {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(150) {
				r := rand.New(rand.NewPCG(seed, 2))
				rows := generateTable(r, true)
				var lines []string
				damaged := map[int]bool{}
				for i, row := range rows {
					line := strings.TrimSuffix(writeCSV([][]string{row}, ",", "\n", false), "\n")
					if i > 0 && i < len(rows)-1 && r.IntN(len(rows)) < 2 { // below the last row may be a note
						if dirty, ok := damage(r, row); ok && dirty != line {
							line, damaged[i] = dirty, true
						}
					}
					lines = append(lines, line)
				}
				data := strings.Join(lines, "\n") + "\n"
				l, err := readTable(t, data, propertyOptions+"charset: utf-8\n")
				if err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, data)
				}
				got, want := lectureTexts(l), wantLectures(t, rows)
				for id, text := range got {
					if want[id] != text {
						t.Fatalf("seed %d: got %s %s, want %s or no lecture; the file is\n%s", seed, id, text, want[id], data)
					}
				}
				if len(got) < len(want) && l.report.Skipped == 0 {
					t.Fatalf("seed %d: %d of %d lectures and nothing skipped\n%s", seed, len(got), len(want), data)
				}
				for i := range rows {
					id := rows[i][0]
					if i > 0 && len(damaged) == 1 && !damaged[i] && !damaged[i-1] && !damaged[i+1] && got[id] == "" {
						t.Fatalf("seed %d: no lecture %s\n%s\n%s", seed, id, data, formatList(l))
					}
				}
			}
		})
	}
}
