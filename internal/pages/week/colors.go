package week

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/internal/pages/share"
)

// Colors is how many colours lectures have.
const Colors = 10

// assignColors returns the index of each lecture's colour, the same as in the web client, whose
// web/src/logic/colours.ts has the same steps: TestColors compares the two. It derives from the course, so that a lecture
// has the same colour in most timetables: of two lectures that would have the same one, that which was added first
// keeps it. With more lectures than colours, all are used equally often.
func assignColors(lectures []share.Lecture) []int {
	assigned := make([]int, len(lectures))
	used := make([]int, Colors)
	for i := range lectures {
		key := lectures[i].Title
		if lectures[i].Identifier != "" {
			key = courseOf(lectures[i].Identifier)
		}
		least := slices.Min(used)
		for _, color := range Preferences(key) {
			if used[color] == least {
				assigned[i] = color
				used[color]++
				break
			}
		}
	}
	return assigned
}

// courseOf returns the course of an identifier, which is a course code, a hyphen and a section.
func courseOf(identifier string) string {
	if hyphen := strings.LastIndexByte(identifier, '-'); hyphen > 0 {
		return identifier[:hyphen]
	}
	return identifier
}

// Preferences returns all colours, the first choice of a course first: the order is random, but always the same.
func Preferences(course string) []int {
	seed := hash(norm.NFC.String(course), 0x811c9dc5)
	colors := make([]int, Colors)
	for i := range colors {
		colors[i] = i
	}
	slices.SortStableFunc(colors, func(a, b int) int { return cmp.Compare(hash(strconv.Itoa(b), seed), hash(strconv.Itoa(a), seed)) })
	return colors
}

// hash is FNV-1a over UTF-16, mixed at the end as MurmurHash3 does.
func hash(text string, seed uint32) uint32 {
	h := seed
	for _, unit := range utf16.Encode([]rune(text)) {
		h = (h ^ uint32(unit)) * 0x01000193
	}
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
