package firestorebench_test

import (
	"os"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
)

func TestRunAlone(t *testing.T) {
	t.Setenv(aloneVariable, "1")
	r, err := firestorebench.RunAlone(t.Context(), firestorebench.AloneOptions{Documents: 2000, Starts: 1, Server: os.Args[0], Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Open <= 0 || r.Response < r.Open || r.Resident < r.Anonymous || r.Anonymous <= 0 || r.Without.Took <= 0 || r.Without.Snapshots != 0 ||
		r.Listened.Took <= 0 || r.Listened.Told < r.Listened.Took || r.Listened.Snapshots < 1 || r.Listened.Snapshots > 4 || r.Listened.Memory < r.Resident {
		t.Errorf("%+v", r)
	}
	var text strings.Builder
	r.Print(&text)
	if !strings.Contains(text.String(), "2,000 documents, 500 a commit") {
		t.Error(text.String())
	}
}
