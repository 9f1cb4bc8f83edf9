package spreadsheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/richardlehane/mscfb"
)

// We parse BIFF8 records ourselves because no library was good enough: extrame/xls (last changed in
// 2017) took 49 seconds and 17 GB for one of two files of Seoul National University, and
// shakinm/xlsReader (2022) allocates an object for every cell and turns a lone "®" into U+FFFD. A list
// needs only a dozen record types, read sequentially. The OLE2 container around them is read by
// richardlehane/mscfb, which is maintained.
//
// The record layouts are those of Microsoft's [MS-XLS]; comments cite its sections.

const oleMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// readXLS reads sheets of an Excel 97 to 2003 workbook. Numbers and dates have the text that Excel shows,
// and formulas have their last result.
func readXLS(data []byte, o Options) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		stream, err := workbookStream(data)
		if err != nil {
			yield(Row{}, err)
			return
		}
		book, err := readGlobals(stream)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer book.numbers.close()
		sheets, err := selectSheets("xls", book.choices(), o.Sheets)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for i, n := range sheets {
			more, err := book.readSheet(stream, book.sheets[n], i+1, yield)
			if err != nil {
				yield(Row{}, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// readSheet reads one sheet. It returns false if yield did.
func (b *workbook) readSheet(stream []byte, sheet boundSheet, table int, yield func(Row, error) bool) (more bool, err error) {
	if int(sheet.offset) > len(stream) {
		return false, corrupt("xls: the sheet begins after the end of the file")
	}
	ranges, err := mergedRanges(recordReader{data: stream, pos: int(sheet.offset)})
	if err != nil {
		return false, err
	}
	merged, err := newMergedCells(ranges)
	if err != nil {
		return false, fmt.Errorf("xls: %w", err)
	}
	r := sheetReader{
		recordReader: recordReader{data: stream, pos: int(sheet.offset)}, strings: b.strings, numbers: &b.numbers,
		table: table, name: sheet.name, merged: merged, yield: yield,
	}
	err = r.read()
	return !r.stopped, err
}

// workbookStream extracts the workbook from its OLE2 container.
func workbookStream(data []byte) ([]byte, error) {
	doc, err := mscfb.New(bytes.NewReader(data))
	if err != nil {
		return nil, corrupt("xls: container: %v", err)
	}
	var names []string
	for {
		entry, err := doc.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, corrupt("xls: container: %v", err)
		}
		switch entry.Name {
		case "Workbook":
			return readEntry(entry, len(data))
		case "Book":
			return nil, fmt.Errorf("xls: written by Excel 95 or older: %w", ErrUnsupported)
		case "EncryptedPackage":
			return nil, fmt.Errorf("xls: protected by a password: %w", ErrUnsupported)
		}
		names = append(names, entry.Name)
	}
	return nil, fmt.Errorf("xls: the container has no workbook, only %.200q: %w", names, ErrUnsupported)
}

// readEntry reads a stream of the container. It checks the stream's claimed size against the file's.
func readEntry(entry *mscfb.File, fileSize int) ([]byte, error) {
	if entry.Size < 0 || entry.Size > int64(fileSize) {
		return nil, corrupt("xls: the workbook claims %d bytes in a file of %d", entry.Size, fileSize)
	}
	stream := make([]byte, entry.Size)
	// The container's reader takes time quadratic in the size of a read, so read in pieces.
	const piece = 16 << 10
	for n := 0; n < len(stream); {
		k, err := io.ReadFull(entry, stream[n:min(n+piece, len(stream))])
		if n += k; err != nil {
			return nil, corrupt("xls: the workbook is cut off after %d of %d bytes", n, entry.Size)
		}
	}
	return stream, nil
}

// workbook is the data before the sheets: the "globals substream" of [MS-XLS] 2.1.7.20.3.
type workbook struct {
	sheets  []boundSheet
	strings []string
	numbers numberFormats
}

// maxSheetsXLS bounds the sheets of a workbook.
const maxSheetsXLS = 4096

// boundSheet is the name and position of a sheet ([MS-XLS] 2.4.28).
type boundSheet struct {
	name      string
	offset    uint32
	visible   bool
	worksheet bool
}

func readGlobals(stream []byte) (*workbook, error) {
	r := recordReader{data: stream}
	first, err := r.next()
	if err != nil {
		return nil, err
	}
	if first.id != recBOF || len(first.body) < 2 {
		return nil, corrupt("xls: the workbook does not begin with a BOF record")
	}
	if version := le16(first.body); version != 0x0600 {
		return nil, fmt.Errorf("xls: BIFF version %#04x is not supported, only 0x0600 (Excel 97 to 2003): %w",
			version, ErrUnsupported)
	}
	var book workbook
	for {
		rec, err := r.next()
		if err != nil {
			return nil, err
		}
		switch rec.id {
		case recEOF:
			return &book, nil
		case recFilePass:
			return nil, fmt.Errorf("xls: protected by a password: %w", ErrUnsupported)
		case recBoundSheet:
			if len(book.sheets) == maxSheetsXLS {
				return nil, fmt.Errorf("xls: more than %d sheets: %w", maxSheetsXLS, ErrTooLarge)
			}
			if s, ok := readBoundSheet(rec.body); ok {
				book.sheets = append(book.sheets, s)
			}
		case recDateMode:
			book.numbers.date1904 = len(rec.body) >= 2 && le16(rec.body) == 1
		case recFormat:
			book.numbers.readFormat(rec.body)
		case recXF:
			if len(rec.body) >= 4 {
				book.numbers.cellFormats = append(book.numbers.cellFormats, le16(rec.body[2:]))
			}
		case recSST:
			parts, err := r.continued(rec.body)
			if err != nil {
				return nil, err
			}
			if book.strings, err = readStringTable(parts); err != nil {
				return nil, err
			}
		}
	}
}

func readBoundSheet(body []byte) (boundSheet, bool) {
	if len(body) < 8 {
		return boundSheet{}, false
	}
	name := stringReader{parts: [][]byte{body[7:]}}
	text, err := name.chars(int(body[6]))
	return boundSheet{
		name:      text,
		offset:    le32(body),
		visible:   body[4]&3 == 0,
		worksheet: body[5] == 0,
	}, err == nil
}

func (b *workbook) choices() []sheetChoice {
	var choices []sheetChoice
	for _, s := range b.sheets {
		choices = append(choices, sheetChoice{s.name, s.visible, s.worksheet})
	}
	return choices
}
