// Package bombtest makes files that are small, or that a school's server may send, and that take a
// careless reader gigabytes or minutes. Tests read them; fuzz targets begin with them.
package bombtest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Size is about the largest file that the course service accepts, compressed or not.
const Size = 15 << 20

// Bomb is one file.
type Bomb struct {
	Name, Format string
	Data         func() []byte
	// Large says that the size is fixed, and megabytes.
	Large bool
}

// All returns every bomb with texts of about size bytes when unpacked, workbooks twice as many.
func All(size int) []Bomb {
	var all []Bomb
	for _, from := range []func(int) []Bomb{csv, html, json, xls, xlsx} {
		all = append(all, from(size)...)
	}
	return all
}

// Gzip compresses data.
func Gzip(data []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(data)
	z.Close()
	return buf.Bytes()
}

// fill repeats unit up to size bytes between begin and end.
func fill(size int, begin, unit, end string) []byte {
	return []byte(begin + strings.Repeat(unit, max(size-len(begin)-len(end), 0)/len(unit)) + end)
}

// Header is the header of every table, with which the rows below it count.
const Header = "code,title,times"

func csv(size int) []Bomb {
	header := Header + "\n"
	return []Bomb{
		{Name: "commas", Format: "csv", Data: func() []byte { return fill(size, header, ",", "\n") }},
		{Name: "empty rows", Format: "csv", Data: func() []byte { return fill(size, header, ",\n", "") }},
		{Name: "blank lines", Format: "csv", Data: func() []byte { return fill(size, header, "\n", "") }},
		{Name: "short rows", Format: "csv", Data: func() []byte { return fill(size, header, "a\n", "") }},
		{Name: "quoted line breaks", Format: "csv", Data: func() []byte { return fill(size, header, "\"\n\",", "\n") }},
		{Name: "a quote that never ends", Format: "csv", Data: func() []byte { return fill(size, header, "a,b\n", "") }},
		{Name: "an open quote", Format: "csv", Data: func() []byte { return fill(size, header+"x,\"", "a,b\n", "") }},
		{Name: "one long cell", Format: "csv", Data: func() []byte { return fill(size, header, "가", "\n") }},
		{Name: "one identifier", Format: "csv", Data: func() []byte { return fill(size, header, "A1,T,월1\n", "") }},
		{Name: "one identifier, other times", Format: "csv", Data: func() []byte { return times(size, header) }},
		{Name: "invalid bytes", Format: "csv", Data: func() []byte { return fill(size, header, "\xff\xfe\x80,", "\n") }},
		{Name: "long header", Format: "csv", Data: func() []byte { return fill(size, "", "code title times,", "\n") }},
	}
}

// times returns rows of one lecture whose meetings all differ.
func times(size int, header string) []byte {
	var b bytes.Buffer
	b.WriteString(header)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "A1,T,%s(%02d:%02d~23:59)\n", []string{"월", "화", "수", "목", "금"}[i%5], i/60%23, i%60)
	}
	return b.Bytes()
}

func html(size int) []Bomb {
	header := "<html><table><tr><td>code</td><td>title</td><td>times</td></tr>"
	return []Bomb{
		{Name: "nested tables", Format: "html", Data: func() []byte { return fill(size, header, "<table>", "") }},
		{Name: "nested cells", Format: "html", Data: func() []byte { return fill(size, header, "<table><tr><td>", "") }},
		{Name: "nested elements", Format: "html", Data: func() []byte { return fill(size, header, "<b>", "") }},
		{Name: "rows", Format: "html", Data: func() []byte { return fill(size, header, "<tr>", "</table></html>") }},
		{Name: "cells", Format: "html", Data: func() []byte { return fill(size, header+"<tr>", "<td>", "</table></html>") }},
		{Name: "spanning cells", Format: "html", Data: func() []byte {
			return fill(size, header, `<tr><td colspan="1000000" rowspan="1000000">`, "</table></html>")
		}},
		{Name: "spanning cells above rows", Format: "html", Data: func() []byte {
			return fill(size, header+`<tr><td colspan=1000 rowspan=1000><td colspan=1000 rowspan=1000>`, "<tr>", "</table></html>")
		}},
		{Name: "spanning cells with text", Format: "html", Data: func() []byte {
			return fill(size, header, "<tr><td colspan=1000 rowspan=1000>"+strings.Repeat("가", 300), "</table></html>")
		}},
		{Name: "one long cell", Format: "html", Data: func() []byte { return fill(size, header+"<tr><td>", "가<br>", "</table></html>") }},
		{Name: "attributes", Format: "html", Data: func() []byte { return fill(size, header+"<tr", " a", "></table></html>") }},
		{Name: "entities", Format: "html", Data: func() []byte { return fill(size, header+"<tr><td>", "&amp;", "</table></html>") }},
		{Name: "tables", Format: "html", Data: func() []byte { return fill(size, header, "</table><table><tr><td>x", "</table></html>") }},
	}
}

func json(size int) []Bomb {
	return []Bomb{
		{Name: "numbers", Format: "json", Data: func() []byte { return fill(size, "[0", ",0", "]") }},
		{Name: "empty rows", Format: "json", Data: func() []byte { return fill(size, "[{}", ",{}", "]") }},
		{Name: "short rows", Format: "json", Data: func() []byte { return fill(size, `[{"a":1}`, `,{"a":1}`, "]") }},
		{Name: "nested arrays", Format: "json", Data: func() []byte { return fill(size, "", "[", "") }},
		{Name: "nested objects", Format: "json", Data: func() []byte { return fill(size, "", `{"rows":`, "") }},
		{Name: "one row of many fields", Format: "json", Data: func() []byte { return fill(size, `[{"a":0`, `,"a":0`, "}]") }},
		{Name: "one long text", Format: "json", Data: func() []byte { return fill(size, `[{"a":"`, `\u0041`, `"}]`) }},
		{Name: "rows at a path", Format: "json", Data: func() []byte { return fill(size, `{"rows":[0`, ",0", `],"code":"200","selectSust":[]}`) }},
	}
}

// workbook returns an XLSX file with one sheet. Files replace or are added to those that it needs.
func workbook(files map[string]string) []byte {
	all := map[string]string{
		"[Content_Types].xml":        `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`,
		"_rels/.rels":                `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheet(sheetHeader),
	}
	for name, text := range files {
		all[name] = text
	}
	return archive(all)
}

func archive(files map[string]string) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

const sheetHeader = `<row r="1"><c r="A1" t="inlineStr"><is><t>code</t></is></c><c r="B1" t="inlineStr"><is><t>title</t></is></c><c r="C1" t="inlineStr"><is><t>times</t></is></c></row>`

func sheet(rows string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData></worksheet>`
}

// numbered returns a sheet of about size bytes whose rows have the format row, with the row's number.
func numbered(size int, row string) string {
	return rows(size, func(i int) string { return fmt.Sprintf(row, i) })
}

// rows returns a sheet of about size bytes with a header and n rows made by row, as many as fit.
func rows(size int, row func(i int) string) string {
	var b strings.Builder
	b.WriteString(sheetHeader)
	for i := 2; b.Len() < size; i++ {
		b.WriteString(row(i))
	}
	return sheet(b.String())
}

// xlsx is long because it is a list of bombs.
func xlsx(size int) []Bomb {
	size *= 2
	const main = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	strs := func(unit string) []byte {
		return workbook(map[string]string{
			"xl/worksheets/sheet1.xml": sheet(sheetHeader + `<row r="2"><c r="A2" t="s"><v>0</v></c></row>`),
			"xl/sharedStrings.xml":     string(fill(size, "<sst "+main+">", unit, "</sst>")),
		})
	}
	of := func(text string) []byte { return workbook(map[string]string{"xl/worksheets/sheet1.xml": text}) }
	repeat := func(begin, unit, end string) []byte {
		return of(sheet(string(fill(size, sheetHeader+begin, unit, end))))
	}
	elsewhere := func(target string, text string) []byte {
		return workbook(map[string]string{
			"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="` + target + `"/></Relationships>`,
			"xl/" + target:               text,
		})
	}
	manyFiles := func() map[string]string {
		files := map[string]string{}
		for i := range 5000 {
			files[fmt.Sprint("xl/media/", i)] = ""
		}
		return files
	}
	cells := func() string {
		return string(fill(size, sheetHeader, `<row><c><v>1</v></c></row>`, ""))
	}
	within := func(name, root, unit string, n int) []byte {
		return workbook(map[string]string{name: "<" + root + " " + main + ">" + strings.Repeat(unit, n) + "</" + root + ">"})
	}
	list := []Bomb{
		{Name: "empty strings", Data: func() []byte { return strs("<si/>") }},
		{Name: "strings", Data: func() []byte { return strs("<si><t/></si>") }},
		{Name: "formatted strings", Data: func() []byte { return strs("<si><r><rPr><b/></rPr><t>a</t></r></si>") }},
		{Name: "runs", Data: func() []byte { return strs("<r><t/></r>") }},
		{Name: "one long string", Data: func() []byte { return strs("가") }},
		{Name: "many strings within the bounds", Data: func() []byte {
			return workbook(map[string]string{
				"xl/sharedStrings.xml":     string(fill(7<<20, "<sst "+main+">", "<si><t>"+strings.Repeat("a", 23)+"</t></si>", "</sst>")),
				"xl/worksheets/sheet1.xml": numbered(size, `<row r="%d"><c r="A%[1]d" t="s"><v>%[1]d</v></c></row>`),
			})
		}},
		{Name: "long strings within the bounds", Data: func() []byte {
			return workbook(map[string]string{
				"xl/sharedStrings.xml":     string(fill(23<<20, "<sst "+main+">", "<si><t>"+strings.Repeat("a", 2000)+"</t></si>", "</sst>")),
				"xl/worksheets/sheet1.xml": numbered(size, `<row r="%d"><c r="A%[1]d" t="s"><v>1</v></c></row>`),
			})
		}},
		{Name: "strings and cells within the bounds", Data: func() []byte {
			return workbook(map[string]string{
				"xl/sharedStrings.xml":     string(fill(9<<20, "<sst "+main+">", "<si><t>"+strings.Repeat("a", 32)+"</t></si>", "</sst>")),
				"xl/worksheets/sheet1.xml": numbered(9<<20, `<row r="%d"><c r="A%[1]d" t="s"><v>%[1]d</v></c><c t="s"><v>1</v></c></row>`),
			})
		}},
		{Name: "empty strings within the bounds", Data: func() []byte { return within("xl/sharedStrings.xml", "sst", "<si/>", 399_000) }},
		{Name: "strings of nothing within the bounds", Data: func() []byte { return within("xl/sharedStrings.xml", "sst", "<si><t/></si>", 199_000) }},
		{Name: "runs within the bounds", Data: func() []byte { return within("xl/sharedStrings.xml", "sst", "<si><r><rPr/><t/></r></si>", 99_000) }},
		{Name: "styles within the bounds", Data: func() []byte {
			return within("xl/styles.xml", "styleSheet", "<cellXfs><xf><alignment/><protection/></xf></cellXfs>", 74_000)
		}},
		{Name: "sheets within the bounds", Data: func() []byte { return within("xl/workbook.xml", "workbook", "<sheets><sheet/></sheets>", 149_000) }},
		{Name: "a calculation chain within the bounds", Data: func() []byte { return within("xl/calcChain.xml", "calcChain", `<c r="A1"/>`, 299_000) }},
		{Name: "relationships within the bounds", Data: func() []byte {
			return within("xl/_rels/workbook.xml.rels", "Relationships", `<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>`, 299_000)
		}},
		{Name: "content types within the bounds", Data: func() []byte { return within("[Content_Types].xml", "Types", `<Override PartName="/a"/>`, 299_000) }},
		{Name: "a theme within the bounds", Data: func() []byte {
			return within("xl/theme/theme1.xml", "theme", `<themeElements><fontScheme><majorFont><font/><font/></majorFont></fontScheme></themeElements>`, 59_000)
		}},
		{Name: "pictures within the bounds", Data: func() []byte {
			return workbook(map[string]string{"xl/media/a.png": string(make([]byte, 8<<20)), "xl/worksheets/sheet1.xml": numbered(9<<20, `<row r="%d"><c><v>1</v></c></row>`), "xl/worksheets/sheet2.xml": numbered(40<<20, `<row r="%d"><c><v>1</v></c></row>`)})
		}},
		{Name: "cells of a row", Data: func() []byte { return repeat(`<row r="2">`, "<c><v>1</v></c>", "</row>") }},
		{Name: "rows", Data: func() []byte { return repeat("", "<row/>", "") }},
		{Name: "filled rows", Data: func() []byte { return of(sheet(cells())) }},
		{Name: "wide rows", Data: func() []byte {
			return of(numbered(size, `<row r="%d"><c r="XFD%[1]d"><v>1</v></c></row>`))
		}},
		{Name: "the same cell", Data: func() []byte { return repeat(`<row r="2">`, `<c r="XFD2"><v>1</v></c>`, "</row>") }},
		{Name: "the same row", Data: func() []byte { return repeat("", `<row r="2"><c><v>1</v></c></row>`, "") }},
		{Name: "descending rows", Data: func() []byte {
			return of(rows(size, func(i int) string { return fmt.Sprintf(`<row r="%d"><c><v>1</v></c></row>`, max(1000_000-i, 1)) }))
		}},
		{Name: "runs of a cell", Data: func() []byte { return repeat(`<row r="2"><c t="inlineStr"><is>`, "<r><t/></r>", "</is></c></row>") }},
		{Name: "nested elements", Data: func() []byte { return repeat("", "<a>", "") }},
		{Name: "attributes", Data: func() []byte { return repeat("<row", ` a=""`, ">") }},
		{Name: "angle brackets in an attribute", Data: func() []byte { return repeat(`<row a="`, ">", `"/>`) }},
		{Name: "a comment", Data: func() []byte { return repeat("<!--", ">", "-->") }},
		{Name: "one long value", Data: func() []byte { return repeat(`<row r="2"><c><v>`, "1", "</v></c></row>") }},
		{Name: "merged cells", Data: func() []byte {
			return of(`<worksheet ` + main + `><sheetData/>` + string(fill(size, "<mergeCells>", `<mergeCell ref="A1:XFD1048576"/>`, "</mergeCells>")) + "</worksheet>")
		}},
		{Name: "styles", Data: func() []byte {
			return workbook(map[string]string{"xl/styles.xml": string(fill(size, "<styleSheet "+main+"><cellXfs>", "<xf/>", "</cellXfs></styleSheet>"))})
		}},
		{Name: "a long number format", Data: func() []byte {
			return workbook(map[string]string{"xl/styles.xml": string(fill(200_000, "<styleSheet "+main+`><numFmts><numFmt numFmtId="200" formatCode="`, "0.0;", `"/></numFmts><cellXfs><xf/><xf numFmtId="200" applyNumberFormat="1"/></cellXfs></styleSheet>`)), "xl/worksheets/sheet1.xml": numbered(size, `<row r="%d"><c r="A%[1]d" s="1"><v>1</v></c></row>`)})
		}},
		{Name: "sheets", Data: func() []byte {
			return workbook(map[string]string{"xl/workbook.xml": string(fill(size, "<workbook "+main+` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>`, `<sheet name="a" sheetId="1" r:id="rId1"/>`, "</sheets></workbook>"))})
		}},
		{Name: "relationships", Data: func() []byte {
			return workbook(map[string]string{"xl/_rels/workbook.xml.rels": string(fill(size, "<Relationships>", `<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>`, "</Relationships>"))})
		}},
		{Name: "calculation chain", Data: func() []byte {
			return workbook(map[string]string{"xl/calcChain.xml": string(fill(size, "<calcChain "+main+">", `<c r="A1"/>`, "</calcChain>"))})
		}},
		{Name: "files", Data: func() []byte { return workbook(manyFiles()) }},
		{Name: "zeros", Data: func() []byte { return of(string(make([]byte, size))) }},
		{Name: "a large picture", Data: func() []byte { return workbook(map[string]string{"xl/media/a.png": string(make([]byte, size))}) }},
		{Name: "a sheet that is called a picture", Data: func() []byte { return elsewhere("media/a.png", "x"+sheet(cells())) }},
		{Name: "attributes of a sheet that is called a picture", Data: func() []byte { return elsewhere("media/a.png", "x"+sheet(string(fill(size, "<row", ` a=""`, ">")))) }},
		{Name: "UTF-16 below a declaration in ASCII", Data: func() []byte {
			return of(`<?xml version="1.0" encoding="utf-16le"?>` + string(fill(size, "", "<\x00a\x00/\x00>\x00", "")))
		}},
		{Name: "a document type definition", Data: func() []byte {
			return of(`<!DOCTYPE a [<!ENTITY b "` + strings.Repeat("b", 1000) + `">]>` + sheet(string(fill(size, sheetHeader+"<row><c><v>", "&b;", "</v></c></row>"))))
		}},
		{Name: "130 megabytes", Data: func() []byte { return of(sheet(string(fill(1<<27, sheetHeader, `<row/>`, "")))) }},
	}
	for i := range list {
		list[i].Format = "xlsx"
		list[i].Large = strings.HasSuffix(list[i].Name, "within the bounds") || slices.Contains([]string{"files", "a long number format", "130 megabytes"}, list[i].Name)
	}
	return list
}
