// Package importreport is the account of one reading of a school's course list: what became of every row.
//
// The course service's answer is a stream of lectures and nothing else, by contract; so the account travels behind them, in
// the trailer of the gRPC call, also when the reading failed.
package importreport

import (
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/metadata"
)

// Report accounts for every row of a list: Rows = Lectures + Merged + LeftOut.
type Report struct {
	// Rows that hold data, headers and blank lines not counted.
	Rows int `json:"rows"`
	// Lectures that were sent.
	Lectures int `json:"lectures"`
	// Merged rows gave a time, a room or a category to a lecture that another row began.
	Merged int `json:"merged"`
	// LeftOut rows could not be read.
	Skipped int `json:"skipped"`
	// Examples are the first left-out rows, at most MaxExamples.
	Examples []SkippedRow `json:"examples,omitempty"`
	// Bytes that the school sent.
	Bytes int64 `json:"bytes"`
}

// LeftOut is a row that could not be read.
type SkippedRow struct {
	// Row counts from 1 as a person counts in the file, or names the element for sources without rows.
	Row string `json:"row"`
	// Reason says what is wrong with it, in a sentence.
	Reason string `json:"reason"`
	// Text is what identifies the row to a person, at most 100 characters of it.
	Text string `json:"text"`
}

// MaxExamples bounds the left-out rows that are named: a trailer has to fit in HTTP/2 headers, of which Cloud Run
// passes 64 KiB.
const MaxExamples = 20

const trailerKey = "heektime-report-bin"

// Leave counts a row as left out and keeps it as an example while there is room.
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

// Trailer is the report as it travels behind the lectures.
func (r *Report) Trailer() (metadata.MD, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	return metadata.Pairs(trailerKey, string(data)), nil
}

// FromTrailer reads the report behind a call. A server that sent none gives the zero report.
func FromTrailer(md metadata.MD) (Report, error) {
	var r Report
	values := md.Get(trailerKey)
	if len(values) == 0 {
		return r, nil
	}
	if err := json.Unmarshal([]byte(values[0]), &r); err != nil {
		return r, fmt.Errorf("decode report of the course service: %w", err)
	}
	return r, nil
}
