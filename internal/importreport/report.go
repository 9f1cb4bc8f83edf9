// Package importreport describes one import of a school's course list: what became of every row.
//
// By contract, the course service responds with a stream of lectures and nothing else. The report
// therefore follows them in the trailer of the gRPC call, even when the import failed.
package importreport

import (
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/metadata"
)

// Report accounts for every row of a course list: Rows = Lectures + Merged + Skipped.
type Report struct {
	// Rows is the number of rows with data, without headers and blank lines.
	Rows int `json:"rows"`
	// Lectures is the number of lectures sent.
	Lectures int `json:"lectures"`
	// Merged is the number of rows that added a time, a room or a category to the lecture of an
	// earlier row.
	Merged int `json:"merged"`
	// Skipped is the number of rows that could not be read or are not lectures.
	Skipped int `json:"skipped"`
	// Examples holds the first skipped rows, at most MaxExamples.
	Examples []SkippedRow `json:"examples,omitempty"`
	// Bytes is the number of bytes received from the school.
	Bytes int64 `json:"bytes"`
}

// SkippedRow is a row that is not part of the list, and the reason.
type SkippedRow struct {
	// Row locates the row, counting from 1 as a spreadsheet program does: "row 12".
	Row string `json:"row"`
	// Reason says why the row was skipped.
	Reason string `json:"reason"`
	// Text helps a person recognize the row; at most 100 characters of it.
	Text string `json:"text"`
}

// MaxExamples bounds the skipped rows in a report. Trailers must fit into HTTP/2 headers, and Cloud
// Run passes at most 64 KiB of those.
const MaxExamples = 20

const trailerKey = "heektime-report-bin"

// Skip counts a skipped row and keeps it as an example while there is room.
func (r *Report) Skip(row, reason, text string) {
	r.Skipped++
	if len(r.Examples) == MaxExamples {
		return
	}
	if runes := []rune(text); len(runes) > 100 {
		text = string(runes[:100]) + "…"
	}
	r.Examples = append(r.Examples, SkippedRow{Row: row, Reason: reason, Text: text})
}

// Trailer encodes the report as gRPC metadata.
func (r *Report) Trailer() (metadata.MD, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode import report: %w", err)
	}
	return metadata.Pairs(trailerKey, string(data)), nil
}

// FromTrailer decodes the report from a call's trailer. Without one it returns the zero Report.
func FromTrailer(md metadata.MD) (Report, error) {
	var r Report
	values := md.Get(trailerKey)
	if len(values) == 0 {
		return r, nil
	}
	if err := json.Unmarshal([]byte(values[0]), &r); err != nil {
		return r, fmt.Errorf("decode the course service's import report: %w", err)
	}
	return r, nil
}
