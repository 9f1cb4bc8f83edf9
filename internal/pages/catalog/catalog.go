// Package catalog arranges a semester's course list for pages: by college and department, and by lecture, each
// with a name for addresses. [Reader] reads it, and keeps the lists that were shown last in memory.
package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

// Semester is a semester that is offered to users and has a course list.
type Semester struct {
	School string
	ID     schema.SemesterID
	schema.Semester
}

// Version names the list: a list with another content has another version.
func (s *Semester) Version() string { return s.LecturesURL }

// Catalog is the course list of a semester. It does not change.
type Catalog struct {
	// Colleges are the groups of the first category.
	Colleges []*Group
	// Rest are the lectures without a category.
	Rest []*schema.Lecture
	// Count is how many lectures there are.
	Count int

	lectures map[string]*schema.Lecture // by Slug
}

// Group is a college or a department.
type Group struct {
	Name, Slug string
	// Departments are the groups of the second category, none in a department.
	Departments []*Group
	// Lectures are those of the group that are in no department, by title.
	Lectures []*schema.Lecture
	// Count is how many lectures the group has with its departments.
	Count int
}

// New arranges a list. Lectures are in the order of their titles.
func New(list schema.CourseList) *Catalog {
	c := &Catalog{Count: len(list), lectures: make(map[string]*schema.Lecture, len(list))}
	groups := map[string]*Group{} // by the slugs of college and department
	find := func(siblings *[]*Group, key, name string) *Group {
		g := groups[key]
		if g == nil {
			g = &Group{Name: share.Clean(name), Slug: Slug(name)}
			groups[key], *siblings = g, append(*siblings, g)
		}
		g.Count++
		return g
	}
	for i := range list {
		l := &list[i]
		c.lectures[Slug(l.Identifier)] = l
		names := slices.DeleteFunc(slices.Clone(l.Category[:min(len(l.Category), 2)]), func(name string) bool { return share.Clean(name) == "" })
		if len(names) == 0 {
			c.Rest = append(c.Rest, l)
			continue
		}
		key := Slug(names[0])
		group := find(&c.Colleges, key, names[0])
		if len(names) > 1 {
			group = find(&group.Departments, key+"/"+Slug(names[1]), names[1])
		}
		group.Lectures = append(group.Lectures, l)
	}
	byTitle(c.Rest)
	sortGroups(c.Colleges)
	return c
}

func withSlug(groups []*Group, slug string) *Group {
	i := slices.IndexFunc(groups, func(g *Group) bool { return g.Slug == slug })
	if i < 0 {
		return nil
	}
	return groups[i]
}

func sortGroups(groups []*Group) {
	slices.SortFunc(groups, func(a, b *Group) int { return cmp.Compare(a.Name, b.Name) })
	for _, g := range groups {
		byTitle(g.Lectures)
		sortGroups(g.Departments)
	}
}

func byTitle(lectures []*schema.Lecture) {
	slices.SortFunc(lectures, func(a, b *schema.Lecture) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Identifier, b.Identifier))
	})
}

// College finds a college by its slug, nil if there is none.
func (c *Catalog) College(slug string) *Group { return withSlug(c.Colleges, norm.NFC.String(slug)) }

// Department finds a department of a college by its slug, nil if there is none.
func (g *Group) Department(slug string) *Group { return withSlug(g.Departments, norm.NFC.String(slug)) }

// Lecture finds a lecture by the slug of its identifier, nil if there is none.
func (c *Catalog) Lecture(slug string) *schema.Lecture { return c.lectures[norm.NFC.String(slug)] }

// Group returns the college and the department of a lecture. Both may be nil.
func (c *Catalog) Group(l *schema.Lecture) (college, department *Group) {
	for _, name := range l.Category[:min(len(l.Category), 2)] {
		switch {
		case share.Clean(name) == "":
		case college == nil:
			college = c.College(Slug(name))
		default:
			department = college.Department(Slug(name))
		}
	}
	return college, department
}

// maxSections bounds [Catalog.Sections].
const maxSections = 40

// Sections returns the other sections of a lecture's course: those of its department with the same title.
func (c *Catalog) Sections(l *schema.Lecture) []*schema.Lecture {
	college, department := c.Group(l)
	lectures := c.Rest
	if group := cmp.Or(department, college); group != nil {
		lectures = group.Lectures
	}
	from, _ := slices.BinarySearchFunc(lectures, l.Title, func(other *schema.Lecture, title string) int { return cmp.Compare(other.Title, title) })
	var sections []*schema.Lecture
	for _, other := range lectures[from:] {
		if other.Title != l.Title || len(sections) == maxSections {
			break
		}
		if other != l {
			sections = append(sections, other)
		}
	}
	return sections
}

// Lectures returns all lectures by identifier.
func (c *Catalog) Lectures() []*schema.Lecture {
	all := make([]*schema.Lecture, 0, len(c.lectures))
	for _, l := range c.lectures {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *schema.Lecture) int { return cmp.Compare(a.Identifier, b.Identifier) })
	return all
}

// maxSlug bounds the characters of a slug: encoded in an address, it is far below the 2,048 bytes that sitemaps allow.
const maxSlug = 80

// Slug returns the name in addresses of an identifier, college or department: its letters and digits, and "~" and a
// hash if that is not all of it. So a slug is never "." or "..", has no slash, and two names have different slugs.
//
// Source of the limit: https://www.sitemaps.org/protocol.html#locdef
func Slug(name string) string {
	name = norm.NFC.String(name)
	var b strings.Builder
	n, whole := 0, true
	for _, r := range name {
		switch {
		case n == maxSlug:
			whole = false
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.' && n > 0:
			b.WriteRune(r)
			n++
		default:
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
				n++
			}
			whole = false
		}
		if n == maxSlug && !whole {
			break
		}
	}
	if whole && b.Len() > 0 {
		return b.String()
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimSuffix(b.String(), "-") + "~" + hex.EncodeToString(sum[:4])
}
