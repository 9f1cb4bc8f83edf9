package courses

import "fmt"

// Bounds on one list, so that no file takes minutes or gigabytes. MaxBytes and MaxRows in [Config]
// bound the whole; package spreadsheet bounds what its readers need.
const (
	// maxMerged bounds the rows of one lecture: merging compares each with those before it. The longest
	// known has 120, a thesis course with a row for each professor.
	maxMerged = 1000
	// maxMeetingCell bounds the bytes of a cell with meetings or rooms. Parsing takes time quadratic in
	// their number, and a lecture has at most 50 meetings.
	maxMeetingCell = 10_000
	// maxJSONValues bounds the values of a JSON document, which take 24 bytes each even if they are
	// empty: 30,000 rows of 40 fields.
	maxJSONValues = 1_500_000
	// maxJSONDepth bounds how deep JSON is nested.
	maxJSONDepth = 100
)

// checkCells rejects cells that are too long to hold meetings or rooms.
func checkCells(cells ...string) error {
	for _, c := range cells {
		if len(c) > maxMeetingCell {
			return fmt.Errorf("a cell of %d bytes is too long for meetings or rooms", len(c))
		}
	}
	return nil
}

// checkJSON rejects a document with too many values or nested too deep, before anything is allocated
// for it. It does not validate.
func checkJSON(data []byte) error {
	values, depth := 0, 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case ',':
			values++
		case '[', '{':
			values++
			if depth++; depth > maxJSONDepth {
				return fmt.Errorf("JSON nested more than %d deep", maxJSONDepth)
			}
		case ']', '}':
			depth--
		}
		if values > maxJSONValues {
			return fmt.Errorf("JSON with more than %d values", maxJSONValues)
		}
	}
	return nil
}
