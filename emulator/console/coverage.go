package console

import (
	"net/http"

	"heek.kr/heektime/emulator/rules"
)

// covered is a file of rules with what was counted of it.
type covered struct {
	Service string   `json:"service"` // firestore, storage
	Buckets []string `json:"buckets,omitempty"`
	All     int      `json:"all"`  // conditions and their parts
	Full    int      `json:"full"` // of them were both true and not
	Pieces  []piece  `json:"pieces"`
}

// piece is a part of the text; see [rules.Piece].
type piece struct {
	Text    string `json:"text"`
	Verdict string `json:"verdict,omitempty"`
	Counts  string `json:"counts,omitempty"`
}

func newCovered(service string, counts *rules.Coverage) covered {
	out := covered{Service: service, Pieces: []piece{}}
	for _, s := range counts.Expressions() {
		if out.All++; s.Full() {
			out.Full++
		}
	}
	for _, p := range counts.Pieces() {
		out.Pieces = append(out.Pieces, piece(p))
	}
	return out
}

// coverage is what has been counted of the rules of a project's Firestore and of Storage. Buckets with the same rules are
// one.
func (c *Console) coverage(r *http.Request) (any, error) {
	project, err := projectOf(r)
	if err != nil {
		return nil, err
	}
	files := []covered{}
	if counts := c.Firestore.Coverage(project); counts != nil {
		files = append(files, newCovered("firestore", counts))
	}
	storage := map[*rules.Coverage]int{} // where in files
	for _, b := range c.Storage.Objects().Buckets() {
		counts := c.Storage.Coverage(b.Name)
		if counts == nil {
			continue
		}
		at, known := storage[counts]
		if !known {
			at = len(files)
			storage[counts] = at
			files = append(files, newCovered("storage", counts))
		}
		files[at].Buckets = append(files[at].Buckets, b.Name)
	}
	return map[string]any{"files": files}, nil
}
