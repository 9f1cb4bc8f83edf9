package console

import (
	"net/http"

	"heek.kr/heektime/emulator/rules"
)

// coveredFile is a rules file with the coverage of its expressions.
type coveredFile struct {
	Service string   `json:"service"` // firestore, storage
	Buckets []string `json:"buckets,omitempty"`
	All     int      `json:"all"`  // number of conditions and their subexpressions
	Full    int      `json:"full"` // how many of them were both true and false
	Pieces  []piece  `json:"pieces"`
}

// piece is a part of the rules text; see [rules.Piece].
type piece struct {
	Text    string `json:"text"`
	Verdict string `json:"verdict,omitempty"`
	Counts  string `json:"counts,omitempty"`
}

func newCoveredFile(service string, counts *rules.Coverage) coveredFile {
	out := coveredFile{Service: service, Pieces: []piece{}}
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

// coverage returns the coverage of the rules of a project's Firestore and of Storage. Buckets with the
// same rules share an entry.
func (c *Console) coverage(r *http.Request) (any, error) {
	project, err := projectParameter(r)
	if err != nil {
		return nil, err
	}
	files := []coveredFile{}
	if counts := c.Firestore.Coverage(project); counts != nil {
		files = append(files, newCoveredFile("firestore", counts))
	}
	storage := map[*rules.Coverage]int{} // index in files
	for _, b := range c.Storage.Objects().Buckets() {
		counts := c.Storage.Coverage(b.Name)
		if counts == nil {
			continue
		}
		i, known := storage[counts]
		if !known {
			i = len(files)
			storage[counts] = i
			files = append(files, newCoveredFile("storage", counts))
		}
		files[i].Buckets = append(files[i].Buckets, b.Name)
	}
	return map[string]any{"files": files}, nil
}
