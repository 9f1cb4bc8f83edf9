package listdelta

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Make returns the delta from one list to another. It works for any text, and gives small deltas for course
// lists, which have a lecture per line in the order of their identifiers: lines are aligned by identifier,
// and of a line that changed, only the part between the first and the last difference is inserted.
func Make(from, to []byte) (*Delta, error) {
	if len(from) > MaxBytes || len(to) > MaxBytes {
		return nil, fmt.Errorf("lists of %d and %d bytes: more than %d", len(from), len(to), MaxBytes)
	}
	if !utf8.Valid(to) {
		return nil, errors.New("the newer list is not UTF-8")
	}
	old := bytes.SplitAfter(from, []byte("\n"))
	index := make(map[string]int, len(old))
	for i := len(old) - 1; i >= 0; i-- { // of equal keys, the first line counts
		index[key(old[i])] = i
	}
	var b builder
	at := 0
	for line := range bytes.SplitAfterSeq(to, []byte("\n")) {
		i, ok := index[key(line)]
		if !ok || i < at {
			b.insert(line)
			continue
		}
		for ; at < i; at++ {
			b.skip(len(old[at]))
		}
		b.replace(old[at], line)
		at++
	}
	return &Delta{From: Hash(from), To: Hash(to), Length: len(to), Ops: b.finish()}, nil
}

// key returns what identifies a line: in a course list, what precedes its second field. Of lines of any
// other text, it may be anything, and the delta is correct all the same.
func key(line []byte) string {
	if i := bytes.Index(line, []byte(`",`)); i >= 0 {
		return string(line[:i])
	}
	return string(line)
}

// builder collects operations.
type builder struct {
	copied, skipped int
	inserted        []byte
	ops             []Op
}

// copy copies n bytes. Skips and inserts before it become an operation of their own.
func (b *builder) copy(n int) {
	if n == 0 {
		return
	}
	if b.skipped > 0 || len(b.inserted) > 0 {
		b.flush()
	}
	b.copied += n
}

func (b *builder) skip(n int) { b.skipped += n }

func (b *builder) insert(text []byte) { b.inserted = append(b.inserted, text...) }

func (b *builder) flush() {
	b.ops = append(b.ops, Op{b.copied, b.skipped, string(b.inserted)})
	b.copied, b.skipped, b.inserted = 0, 0, b.inserted[:0]
}

// replace replaces a line by another. It copies what they have in common at their ends.
func (b *builder) replace(old, line []byte) {
	start, most := 0, min(len(old), len(line))
	for start < most && old[start] == line[start] {
		start++
	}
	// What is inserted must be whole characters.
	for start < len(line) && !utf8.RuneStart(line[start]) {
		start--
	}
	end := 0
	for end < most-start && old[len(old)-1-end] == line[len(line)-1-end] {
		end++
	}
	for end > 0 && !utf8.RuneStart(line[len(line)-end]) {
		end--
	}
	b.copy(start)
	b.skip(len(old) - start - end)
	b.insert(line[start : len(line)-end])
	b.copy(end)
}

// finish returns the operations. The rest of the older list need not be skipped.
func (b *builder) finish() []Op {
	if b.copied > 0 || len(b.inserted) > 0 {
		b.skipped = 0
		b.flush()
	}
	return b.ops
}
