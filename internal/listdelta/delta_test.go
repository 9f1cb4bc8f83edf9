package listdelta_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"heek.kr/heektime/internal/listdelta"
)

// name returns the name of a list's object without its ending.
func name(list []byte) string { return listdelta.Hash(list)[:32] }

// pair is two versions of a list.
type pair struct{ from, to []byte }

// randomPairs returns pairs of lists in which lectures were added, removed, moved and changed, some of
// them identical, empty, or no lists at all. Equal seeds give equal pairs.
func randomPairs(seed uint64, n int) []pair {
	r := rand.New(rand.NewPCG(seed, 0))
	all := make([]pair, n)
	for i := range all {
		from := randomLines(r, r.IntN(12))
		to := bytes.Clone(from)
		for range r.IntN(5) {
			to = edit(r, to)
		}
		if r.IntN(20) == 0 {
			to = randomLines(r, r.IntN(12))
		}
		if r.IntN(50) == 0 {
			from = nil
		}
		all[i] = pair{from, to}
	}
	return all
}

var words = []string{"자료구조", "Données", "生物", "😀", "\\\"인용\\\"", "x", "", "\u2028", "room", "026-108", "\"},{\"", "<가> & 나"}

func randomLines(r *rand.Rand, n int) []byte {
	var b bytes.Buffer
	b.WriteString("[")
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n{\"identifier\":\"A%03d-%02d\",\"title\":%q,\"credit\":%d}", r.IntN(30), i, words[r.IntN(len(words))], r.IntN(4))
	}
	b.WriteString("\n]\n")
	return b.Bytes()
}

// edit changes a line, or a few characters anywhere.
func edit(r *rand.Rand, list []byte) []byte {
	lines := strings.SplitAfter(string(list), "\n")
	i := r.IntN(len(lines))
	switch r.IntN(5) {
	case 0: // remove
		lines = append(lines[:i:i], lines[i+1:]...)
	case 1: // repeat
		lines = append(lines[:i:i], append([]string{lines[i]}, lines[i:]...)...)
	case 2: // move
		j := r.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[i]
	default: // change characters
		text := []rune(lines[i])
		at := r.IntN(len(text) + 1)
		end := min(len(text), at+r.IntN(4))
		lines[i] = string(text[:at]) + words[r.IntN(len(words))] + string(text[end:])
	}
	return []byte(strings.Join(lines, ""))
}

func TestRandomPairs(t *testing.T) {
	for i, p := range randomPairs(1, 10_000) {
		d, err := listdelta.Make(p.from, p.to)
		if err != nil {
			t.Fatal(err)
		}
		encoded := d.Encode()
		got, err := listdelta.Apply(p.from, encoded, name(p.to))
		if err != nil || !bytes.Equal(got, p.to) {
			t.Fatalf("pair %d: %v\nfrom %q\nto   %q\ngot  %q\n%s", i, err, p.from, p.to, got, encoded)
		}
		if again, err := listdelta.Make(p.from, p.to); err != nil || !bytes.Equal(again.Encode(), encoded) {
			t.Fatalf("pair %d: two deltas of equal lists differ", i)
		}
	}
}

// Whatever happens to a delta, the result is the right list or an error.
func TestDamagedDeltas(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	rejected := 0
	for i, p := range randomPairs(2, 3000) {
		d, err := listdelta.Make(p.from, p.to)
		if err != nil {
			t.Fatal(err)
		}
		damaged := damage(r, d.Encode())
		got, err := listdelta.Apply(p.from, damaged, name(p.to))
		if err == nil && !bytes.Equal(got, p.to) {
			t.Fatalf("pair %d: %q gave a wrong list", i, damaged)
		}
		if err != nil {
			rejected++
		}
		other := append(bytes.Clone(p.to), '\n')
		if _, err := listdelta.Apply(p.from, d.Encode(), name(other)); err == nil {
			t.Fatalf("pair %d: the delta gave a list that nobody asked for", i)
		}
	}
	if rejected < 1000 {
		t.Errorf("only %d damaged deltas were rejected; the test damages too little", rejected)
	}
}

// damage truncates a delta, or changes bytes of it.
func damage(r *rand.Rand, delta []byte) []byte {
	delta = bytes.Clone(delta)
	if r.IntN(4) == 0 {
		return delta[:r.IntN(len(delta))]
	}
	for range 1 + r.IntN(3) {
		delta[r.IntN(len(delta))] = "0123456789,\"[]{}-.e\x80\xf0 ab"[r.IntN(24)]
	}
	return delta
}

// A claimed length costs no memory, and no delta makes a list much larger than itself and the older list.
func TestClaimedLengthCostsNothing(t *testing.T) {
	list := []byte("[\n]\n")
	delta := fmt.Appendf(nil, `{"format":%q,"from":"","to":"","length":%d,"ops":[4,0,""]}`, listdelta.Format, listdelta.MaxBytes)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := listdelta.Apply(list, delta, name(list)); err == nil {
		t.Error("a delta with a wrong length was applied")
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > 1<<20 {
		t.Errorf("a claimed length of %d bytes allocates %d", listdelta.MaxBytes, allocated)
	}
}

// A change within a line inserts only what changed, in whole characters.
func TestDeltaOfOneRoom(t *testing.T) {
	var from, to bytes.Buffer
	for i := range 1000 {
		room := "가온관 101호"
		fmt.Fprintf(&from, "{\"identifier\":\"GAON%03d-01\",\"room\":%q},\n", i, room)
		if i == 500 {
			room = "가온관 각층"
		}
		fmt.Fprintf(&to, "{\"identifier\":\"GAON%03d-01\",\"room\":%q},\n", i, room)
	}
	d, err := listdelta.Make(from.Bytes(), to.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Ops) != 2 || d.Ops[0].Skip != len("101호") || d.Ops[0].Insert != "각층" {
		t.Errorf("operations %+v", d.Ops)
	}
	if _, err := listdelta.Make(nil, []byte("\xff")); err == nil {
		t.Error("a list that is not UTF-8 has a delta")
	}
}

var update = flag.Bool("update", false, "write testdata/vectors.json")

// vector is an entry of testdata/vectors.json. Result is the newer list; a vector without one must be an error.
type vector struct {
	About  string  `json:"about"`
	List   string  `json:"list"`
	Delta  string  `json:"delta"`
	Name   string  `json:"name"`
	Result *string `json:"result,omitempty"`
}

// vectors returns the test vectors for implementations in other languages.
func vectors(t *testing.T) []vector {
	t.Helper()
	var all []vector
	add := func(about, from, to string, change func(text string) string) {
		d, err := listdelta.Make([]byte(from), []byte(to))
		if err != nil {
			t.Fatal(err)
		}
		v := vector{About: about, List: from, Delta: string(d.Encode()), Name: name([]byte(to)), Result: &to}
		if change != nil {
			changed := change(v.Delta)
			if changed == v.Delta {
				t.Fatalf("%s: the vector does not differ from a valid delta", about)
			}
			v.Delta, v.Result = changed, nil
		}
		all = append(all, v)
	}
	const one = "[\n{\"identifier\":\"A\",\"title\":\"자료구조\",\"room\":\"101호\"},\n{\"identifier\":\"B\",\"title\":\"C & D\",\"room\":\"\"}\n]\n"
	two := strings.Replace(one, "101호", "각층 2", 1)
	add("a room changes", one, two, nil)
	add("nothing changes", one, one, nil)
	add("a lecture is added", one, strings.Replace(one, "\n]", ",\n{\"identifier\":\"C\",\"title\":\"😀\",\"room\":\"\"}\n]", 1), nil)
	add("a lecture is removed", two, "[\n"+two[strings.Index(two, `{"identifier":"B"`):], nil)
	add("from an empty list", "[\n]\n", two, nil)
	add("to an empty list", two, "[\n]\n", nil)
	add("from nothing", "", two, nil)
	add("a line separator and an escaped quotation mark", one, strings.Replace(one, "C & D", "C\u2028\\\"D\\\"", 1), nil)
	spelled := func(delta, with string) string { return strings.Replace(delta, `,""]`, with+`]`, 1) }
	add("an operation that does nothing is valid", one, two, nil)
	last := &all[len(all)-1]
	last.Delta = spelled(last.Delta, `,"",0,0,""`)

	replace := func(old, new string) func(string) string {
		return func(delta string) string { return strings.Replace(delta, old, new, 1) }
	}
	add("truncated", one, two, func(delta string) string { return delta[:len(delta)-4] })
	add("empty", one, two, func(string) string { return "" })
	add("another format", one, two, replace("delta.1", "delta.2"))
	add("no format", one, two, replace(`"format"`, `"Format"`))
	add("another length", one, two, replace(`"length":1`, `"length":2`))
	add("a negative length", one, two, replace(`"length":`, `"length":-`))
	add("a fraction", one, two, replace(`"ops":[`, `"ops":[0.5,0,"",`))
	add("a negative copy", one, two, replace(`"ops":[`, `"ops":[-1,0,"",`))
	add("a copy beyond the end", one, two, replace(`"ops":[`, `"ops":[67000000,0,"",`))
	add("a skip beyond the end", one, two, replace(`"ops":[`, `"ops":[0,67000000,"",`))
	add("not a triple", one, two, replace(`"ops":[`, `"ops":[0,`))
	add("a number instead of a text", one, two, replace(`"ops":[`, `"ops":[0,0,0,`))
	add("another text", one, two, replace("각층", "각청"))
	add("more text", one, two, replace(`"ops":[`, `"ops":[0,0,"x",`))
	add("bytes after the end", one, two, func(delta string) string { return delta + "{}" })
	add("null", one, two, func(string) string { return "null" })
	add("for another list", one, two, nil)
	all[len(all)-1].List, all[len(all)-1].Result = strings.Replace(one, "자료", "자연", 1), nil
	add("to another list than was asked for", one, two, nil)
	all[len(all)-1].Name, all[len(all)-1].Result = name([]byte(one)), nil
	add("without a name", one, two, nil)
	all[len(all)-1].Name, all[len(all)-1].Result = "", nil
	return all
}

// testdata/vectors.json is what the tests of other implementations read: go test ./internal/listdelta -update
func TestVectors(t *testing.T) {
	const file = "testdata/vectors.json"
	all := vectors(t)
	for _, v := range all {
		got, err := listdelta.Apply([]byte(v.List), []byte(v.Delta), v.Name)
		switch {
		case v.Result == nil && err == nil:
			t.Errorf("%s: no error", v.About)
		case v.Result != nil && (err != nil || string(got) != *v.Result):
			t.Errorf("%s: %q, %v", v.About, got, err)
		}
	}
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(all); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is out of date (%v): run go test ./internal/listdelta -update", file, err)
	}
}
