package spreadsheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Bounds on XML, which decoders turn into many times its size: an element of four bytes becomes a
// structure of a hundred, and an attribute of five becomes two strings.
const (
	maxXMLDepth = 100
	maxXMLTag   = 256 << 10 // lists of cells in an attribute are long
	maxXMLText  = 1 << 20   // Excel's longest cell has 32,767 characters
)

// errNotXML means that a file is not well-formed as far as scanXML checks.
var errNotXML = errors.New("not XML")

// scanXML reads XML tag by tag without building anything and calls visit with the local name of each
// start tag and its text between the angle brackets. It enforces the bounds above and at most
// maxElements elements (ErrTooLarge). It does not validate: it only recognizes tags in the same places
// as package encoding/xml, which reads the file afterwards.
func scanXML(r io.Reader, maxElements int, visit func(name, tag []byte) error) error {
	s := xmlScanner{r: bufio.NewReaderSize(r, 64<<10)}
	for elements, depth := 0, 0; ; {
		if err := s.text(); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		tag, err := s.tag()
		switch {
		case err == io.EOF:
			return fmt.Errorf("it ends within a tag: %w", errNotXML)
		case err != nil:
			return err
		case len(tag) == 0: // a comment, CDATA or processing instruction
			continue
		case tag[0] == '/':
			depth--
			continue
		}
		if elements++; elements > maxElements {
			return fmt.Errorf("more than %d elements: %w", maxElements, ErrTooLarge)
		}
		if tag[len(tag)-1] != '/' {
			if depth++; depth > maxXMLDepth {
				return fmt.Errorf("elements nested more than %d deep: %w", maxXMLDepth, ErrTooLarge)
			}
		}
		if err := visit(localName(tag), tag); err != nil {
			return err
		}
	}
}

// localName returns the name of an element without its prefix.
func localName(tag []byte) []byte {
	if i := bytes.IndexAny(tag, " \t\r\n/"); i >= 0 {
		tag = tag[:i]
	}
	return tag[bytes.IndexByte(tag, ':')+1:]
}

// xmlScanner splits XML into text and tags.
type xmlScanner struct {
	r   *bufio.Reader
	buf []byte // a tag that did not fit into one read
}

// text skips the text before the next tag and its "<".
func (s *xmlScanner) text() error {
	for n := 0; ; {
		text, err := s.r.ReadSlice('<')
		if n += len(text); n > maxXMLText {
			return fmt.Errorf("a text of more than %d bytes: %w", maxXMLText, ErrTooLarge)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// tag returns the next tag without its angle brackets, empty for anything but a start or end tag.
func (s *xmlScanner) tag() ([]byte, error) {
	s.buf = s.buf[:0]
	quote := byte(0)
	for {
		part, err := s.r.ReadSlice('>')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		tag := part
		if err != nil || len(s.buf) > 0 {
			s.buf = append(s.buf, part...)
			tag = s.buf
		}
		switch markup := tag[0] == '!' || tag[0] == '?'; {
		case markup && err == nil:
			if whole, err := isWholeMarkup(tag); whole || err != nil {
				return nil, err
			}
		case !markup:
			if quote = quoteAfter(quote, part); quote == 0 && err == nil {
				return tag[:len(tag)-1], nil
			}
		}
		if len(tag) > maxXMLTag && !bytes.HasPrefix(tag, cdata) || len(tag) > maxXMLText {
			return nil, fmt.Errorf("a tag of more than %d bytes: %w", maxXMLTag, ErrTooLarge)
		}
		if len(s.buf) == 0 {
			s.buf = append(s.buf, part...)
		}
	}
}

var cdata = []byte("![CDATA[")

// isWholeMarkup reports whether a comment, CDATA section or processing instruction that ends in ">"
// ends there. It rejects document type definitions, and encodings in which tags look different.
func isWholeMarkup(tag []byte) (bool, error) {
	switch {
	case bytes.HasPrefix(tag, []byte("!--")):
		return len(tag) >= len("!---->") && bytes.HasSuffix(tag, []byte("-->")), nil
	case bytes.HasPrefix(tag, cdata):
		return bytes.HasSuffix(tag, []byte("]]>")), nil
	case tag[0] == '!':
		return false, fmt.Errorf("a document type definition: %w", ErrUnsupported)
	case !bytes.HasSuffix(tag, []byte("?>")) || len(tag) == len("?>")-1:
		return false, nil
	}
	if tag = bytes.ToLower(tag); bytes.HasPrefix(tag, []byte("?xml ")) && bytes.Contains(tag, []byte("encoding")) &&
		!bytes.Contains(tag, []byte("utf-8")) && !bytes.Contains(tag, []byte("ascii")) {
		return false, fmt.Errorf("XML in another charset than UTF-8 (%.100q): %w", tag, ErrUnsupported)
	}
	return true, nil
}

// quoteAfter returns the quote that is open after part of a tag, 0 if none is. before is the one that
// is open before it.
func quoteAfter(before byte, part []byte) byte {
	for _, b := range part {
		switch {
		case before == 0 && (b == '"' || b == '\''):
			before = b
		case b == before:
			before = 0
		}
	}
	return before
}
