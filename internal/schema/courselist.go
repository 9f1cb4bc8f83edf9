package schema

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// CourseList is a semester's course list, the object in Cloud Storage that clients load. Its address is the
// semester's lecturesUrl.
type CourseList []Lecture

// CourseListPrefix is where the bucket has the course lists. storage.rules opens it to everyone.
const CourseListPrefix = "lectures/"

// Suffixes of the names of lists and of deltas between them.
const (
	listSuffix  = ".json"
	deltaSuffix = ".delta.json"
)

// SemesterPrefix is where the bucket has the course lists of one semester.
func SemesterPrefix(schoolID string, id SemesterID) string {
	return CourseListPrefix + schoolID + "/" + string(id) + "/"
}

// DeltaName returns the name of the delta between two lists of a semester, whose names are given: the
// hashes of both. Web clients make the same name of two lecturesUrl (web/src/listdelta.ts).
func DeltaName(from, to string) string {
	from = from[strings.LastIndexByte(from, '/')+1:]
	return to[:strings.LastIndexByte(to, '/')+1] + strings.TrimSuffix(from, listSuffix) + "-" + strings.TrimSuffix(to[strings.LastIndexByte(to, '/')+1:], listSuffix) + deltaSuffix
}

// SplitDeltaName returns the names of the lists that a delta is between. ok is false for an object that is
// not a delta.
func SplitDeltaName(name string) (from, to string, ok bool) {
	prefix, file := name[:strings.LastIndexByte(name, '/')+1], name[strings.LastIndexByte(name, '/')+1:]
	hashes, isDelta := strings.CutSuffix(file, deltaSuffix)
	from, to, ok = strings.Cut(hashes, "-")
	return prefix + from + listSuffix, prefix + to + listSuffix, ok && isDelta
}

// ListName returns the name of the object of a list with this hash.
func ListName(schoolID string, id SemesterID, hash string) string {
	return SemesterPrefix(schoolID, id) + hash[:32] + listSuffix
}

// SemesterOfObject returns the semester whose course list, or delta between course lists, an object is. ok
// is false for any other object.
func SemesterOfObject(name string) (schoolID string, id SemesterID, ok bool) {
	rest, ok := strings.CutPrefix(name, CourseListPrefix)
	parts := strings.Split(rest, "/") // {school}/{semester}/{hash}.json, or {hash}-{hash}.delta.json
	if !ok || len(parts) != 3 || !IsID(parts[0]) || !IsID(parts[1]) {
		return "", "", false
	}
	return parts[0], SemesterID(parts[1]), true
}

// Sort sorts the list by identifier, so that the order in which a school sends it makes no difference.
func (list CourseList) Sort() {
	slices.SortFunc(list, func(a, b Lecture) int { return strings.Compare(a.Identifier, b.Identifier) })
}

// Validate rejects a list that clients could not use: one with an invalid lecture or a duplicate
// identifier. The list must be sorted. The error names the first lecture that is wrong.
func (list CourseList) Validate() error {
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return fmt.Errorf("lecture %d (%q): %w", i, list[i].Identifier, err)
		}
		if i > 0 {
			switch c := strings.Compare(list[i-1].Identifier, list[i].Identifier); {
			case c == 0:
				return fmt.Errorf("identifier %q is duplicated", list[i].Identifier)
			case c > 0:
				return fmt.Errorf("the list is not sorted at %q", list[i].Identifier)
			}
		}
	}
	return nil
}

// Encode writes the list as clients load it: a JSON array with a lecture per line and keys in the order of
// the contract, none missing and none null. Equal lists give equal bytes.
func (list CourseList) Encode(w io.Writer) error {
	buf := bufio.NewWriter(w)
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	buf.WriteByte('[')
	for i, l := range list {
		if i > 0 {
			buf.WriteByte(',')
		}
		buf.WriteByte('\n')
		line.Reset()
		if err := enc.Encode(l.Complete()); err != nil {
			return fmt.Errorf("encode lecture %q: %w", l.Identifier, err)
		}
		buf.Write(bytes.TrimRight(line.Bytes(), "\n"))
	}
	buf.WriteString("\n]\n")
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("write course list: %w", err)
	}
	return nil
}

// DecodeCourseList reads what [CourseList.Encode] wrote.
func DecodeCourseList(r io.Reader) (CourseList, error) {
	var list CourseList
	if err := json.NewDecoder(r).Decode(&list); err != nil {
		return nil, fmt.Errorf("decode course list: %w", err)
	}
	return list, nil
}
