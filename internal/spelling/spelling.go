// Package spelling suggests the name that somebody probably meant.
package spelling

import "strings"

// Closest returns the name that is most like word, or "" if none is similar: of two names, the one
// with fewer differing letters, and at most a third of the word's.
func Closest(word string, names []string) string {
	best, fewest := "", len([]rune(word))/3+1
	for _, name := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < fewest {
			best, fewest = name, d
		}
	}
	return best
}

// Suggest returns "; did you mean NAME?", or "" if no name is similar to word.
func Suggest(word string, names []string) string {
	if len(word) > 100 {
		return ""
	}
	if best := Closest(word, names); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// distance is how many letters must be added, removed, replaced, or swapped with their neighbor to turn
// a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := []int(nil), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
