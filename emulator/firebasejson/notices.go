package firebasejson

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkKeys notes the keys that have no effect. A key that looks like another one's misspelling is an error:
// rules that a file names must never be left out.
func (f *File) checkKeys(data []byte) error {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		return fmt.Errorf("must be a JSON object: %w", err)
	}
	return f.checkObject("", "", top)
}

// checkObject checks the keys of the object at a path. shown is the path with the indices of lists.
func (f *File) checkObject(path, shown string, object map[string]json.RawMessage) error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at, here := strings.TrimPrefix(path+"."+name, "."), strings.TrimPrefix(shown+"."+name, ".")
		switch what, ok := keys[at]; {
		case !ok:
			if meant := misspelt(path, name, object); meant != "" {
				return fmt.Errorf("%s: there is no such key: did you mean %q?", here, meant)
			}
			f.notices = append(f.notices, here+" has no effect: there is no such key")
		case what == used:
			if err := f.checkValue(at, here, object[name]); err != nil {
				return err
			}
		case what != free && what != elsewhere:
			f.notices = append(f.notices, here+" has no effect: "+string(what))
		}
	}
	return nil
}

// checkValue checks the objects in a value. Values of the wrong kind are found where they are used.
func (f *File) checkValue(path, shown string, value json.RawMessage) error {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil {
		return f.checkObject(path, shown, object)
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		for i, element := range list {
			if json.Unmarshal(element, &object) != nil {
				continue
			}
			if err := f.checkObject(path, fmt.Sprintf("%s[%d]", shown, i), object); err != nil {
				return err
			}
			object = nil
		}
	}
	return nil
}

// noteSites notes the sites that have no folder, nor a web framework, of which checkKeys has noted that none is built.
func (f *File) noteSites(raw json.RawMessage) {
	key := func(int) string { return "hosting" }
	type site struct {
		Public, Source string
	}
	sites := make([]site, 1)
	if json.Unmarshal(raw, &sites) == nil {
		key = func(i int) string { return fmt.Sprintf("hosting[%d]", i) }
	} else if json.Unmarshal(raw, &sites[0]) != nil {
		return // package hosting has said so
	}
	for i, s := range sites {
		if s.Public == "" && s.Source == "" {
			f.notices = append(f.notices, key(i)+" has no effect: its \"public\" is missing, the folder to serve")
		}
	}
}

// misspelt returns the key that name is a misspelling of, "" when it is none: one that is missing beside it, and
// differs in case or in at most two letters.
func misspelt(path, name string, beside map[string]json.RawMessage) string {
	prefix := path + "."
	if path == "" {
		prefix = ""
	}
	best, fewest := "", 3
	for key := range keys {
		other, ok := strings.CutPrefix(key, prefix)
		if _, present := beside[other]; !ok || present || strings.Contains(other, ".") || keys[key] == elsewhere {
			continue
		}
		n := distance(strings.ToLower(name), strings.ToLower(other))
		if n < fewest && n < len(other)/2 || n == fewest && other < best {
			best, fewest = other, n
		}
	}
	return best
}

// distance returns how many letters have to be changed, inserted, removed, or exchanged with their neighbor, to
// make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
