package olddata

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// dirt is one thing that is wrong with a user, or with one of their timetables or lectures.
type dirt struct {
	name  string
	spoil func(*spoiler)
}

// spoiler is a user to spoil. They have a timetable with a lecture.
type spoiler struct {
	g *Generator
	r *rand.Rand
	i int
	// first is whether no user before this one has the same dirt.
	first bool
	*User
}

func (s *spoiler) timetable() *Timetable { return s.Timetables[0] }
func (s *spoiler) lecture() *Lecture     { return s.Timetables[0].Lectures[0] }

// neighbor is the username of a clean user, in Hangul and Latin letters.
func (s *spoiler) neighbor() string { return username(s.i - 1) }

// step is the distance between dirty users, first the index of the first. The user before each is clean and
// has an even index.
const first, step = 5, 10

// dirtOf returns what is wrong with user i, nil if nothing is. Each dirt comes again after all others.
func (g *Generator) dirtOf(i int) (d *dirt, isFirst bool) {
	all := dirts()
	if g.config.Clean || i%step != first {
		return nil, false
	}
	return &all[i/step%len(all)], i/step < len(all)
}

// Dirt returns the names of all dirt.
func Dirt() (names []string) {
	for _, d := range dirts() {
		names = append(names, d.name)
	}
	return names
}

// Dirty returns the first user with a dirt, nil if there is none: too few users were generated.
func (g *Generator) Dirty(name string) *User {
	for i := first; i < g.Len(); i += step {
		if d, _ := g.dirtOf(i); d != nil && d.name == name {
			return g.User(i)
		}
	}
	return nil
}

func dirts() []dirt {
	return append(append(usernameDirt, accountDirt...), append(timetableDirt, lectureDirt...)...)
}

// name returns a dirt of the username. format has a verb for a number that makes the name unique.
func name(what, format string) dirt {
	return dirt{what, func(s *spoiler) { s.Username = ptr(fmt.Sprintf(format, s.i)) }}
}

// usernameDirt has usernames that Firestore, the rules or Authentication do not accept, or that are another
// user's after normalization. The column's UNIQUE compares bytes.
var usernameDirt = []dirt{
	{"username differs from another in case only", func(s *spoiler) { s.Username = ptr(strings.ToUpper(s.neighbor())) }},
	{"username differs from another in Unicode's form only", func(s *spoiler) { s.Username = ptr(norm.NFD.String(s.neighbor())) }},
	{"username differs from another in case and form", func(s *spoiler) {
		s.Username = ptr(norm.NFD.String(strings.ToUpper(s.neighbor())))
	}},
	{"username differs from another in surrounding spaces only", func(s *spoiler) { s.Username = ptr(" " + s.neighbor() + " ") }},
	{"username is another's address", func(s *spoiler) { s.Username = ptr(s.neighbor() + "@user.heektime.heek.kr") }},
	{"username is full-width", func(s *spoiler) { s.Username = ptr(fullWidth(s.neighbor())) }},
	name("username is an address", "cat%d@Korea.ac.kr"),
	{"username is another's address in other case", func(s *spoiler) { s.Username = ptr(fmt.Sprintf("CAT%d@korea.ac.kr", s.i-step)) }},
	name("username begins with @", "@cat%d"),
	name("username ends with @", "cat%d@"),
	name("username has two @", "a@b%d@c.kr"),
	name("username has a slash", "kim/%d"),
	name("username is a path", "../%d/"),
	name("username is reserved", "__kim%d__"),
	{"username is too short", func(s *spoiler) { s.Username = ptr(string(rune('가' + s.i/step))) }},
	{"username is a dot", func(s *spoiler) { s.Username = s.once(".") }},
	{"username is two dots", func(s *spoiler) { s.Username = s.once("..") }},
	{"username is empty", func(s *spoiler) { s.Username = s.once("") }},
	{"username is spaces", func(s *spoiler) { s.Username = ptr(strings.Repeat(" ", 4+s.i/step)) }},
	{"username is NULL", func(s *spoiler) { s.Username = nil }},
	{"username has 33 characters", func(s *spoiler) { s.Username = ptr(repeat(fmt.Sprintf("kim%d", s.i), 33)) }},
	{"username has 300 characters", func(s *spoiler) { s.Username = ptr(repeat(fmt.Sprintf("희경%d", s.i), 300)) }},
	{"username has 2000 bytes", func(s *spoiler) { s.Username = ptr(repeat(fmt.Sprintf("희경%04d", s.i), 900)) }},
	name("username has spaces", "kim hee %d"),
	name("username has a line break", "kim\n%d"),
	name("username has a tab and a control character", "kim\t\x01%d"),
	name("username has a zero-width space", "kim\u200b%d"),
	name("username has a right-to-left override", "kim\u202e%d"),
	name("username has an emoji of several", "👨‍👩‍👧%d"),
	name("username has a capital that folds to two characters", "İstanbul%d"),
	name("username has a ligature", "ﬁne%d"),
	name("username has a sharp s", "straße%d"),
	name("username has quotes and a percent sign", `"kim"%%2F'%d`),
	name("username has a question mark and a hash", "kim?a=b#c%d"),
}

// once returns a name that only one user can have, and NULL for the others with the same dirt.
func (s *spoiler) once(name string) *string {
	if !s.first {
		return nil
	}
	return &name
}

func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r + 0xfee0
		}
		return r
	}, text)
}
