// Package webpage renders what the pages service shows as HTML: timetables, courses, and what is not there.
//
// A page works without JavaScript and loads nothing: its styles are inside it. Its policy
// (Content-Security-Policy) allows those styles, by their hash, and nothing else. Pages are functions of what
// they show: the same documents make the same bytes.
//
// Texts come from strangers. [share.Clean] shortens them and removes what could reorder the rest of the
// page, html/template escapes them, and the templates isolate them with bdi.
package webpage

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"sync"

	"heek.kr/heektime/internal/pages/picture"
	"heek.kr/heektime/internal/pages/share"
)

//go:embed templates style.css
var files embed.FS

// Page is a rendered page.
type Page struct {
	HTML []byte
	// Policy is its Content-Security-Policy.
	Policy string
}

// head is what every page has. Templates reach it as their own fields.
type head struct {
	language share.Language
	// Title is that of the window, Description what search engines and chats show below it.
	Title, Description string
	// Canonical is the address of the page, Index whether search engines may list it.
	Canonical string
	Index     bool
	// Image is the address of a preview for chats, "" if there is none, ImageText what it shows.
	Image, ImageText string
	// Languages are the page's addresses in all languages.
	Languages []Link
	// Style are all styles of the page.
	Style template.CSS
	// Data is structured data for search engines; nil if there is none.
	Data any
}

// Link is a link with a text.
type Link struct {
	Text, URL, Language string
	Current             bool
}

// Lang returns the code of the page's language.
func (h *head) Lang() string { return h.language.String() }

// T returns the text in the page's language.
func (h *head) T(korean, english string) string { return h.language.Choose(korean, english) }

// Locale returns the page's language as Open Graph writes it.
func (h *head) Locale() string { return h.T("ko_KR", "en_US") }

// languageLinks returns the links to a page in each language. query separates the parameter from the address.
func languageLinks(address, query string, current share.Language) []Link {
	var links []Link
	for l, name := range map[share.Language]string{share.Korean: "한국어", share.English: "English"} {
		links = append(links, Link{Text: name, URL: address + query + "lang=" + l.String(), Language: l.String(), Current: l == current})
	}
	if links[0].Language != share.Korean.String() {
		links[0], links[1] = links[1], links[0]
	}
	return links
}

// styles are the styles of all pages: the file, and the colours of the themes of pictures.
var styles = sync.OnceValue(func() string {
	text, err := files.ReadFile("style.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.NewReplacer("/* light */", picture.Light.CSS(), "/* dark */", picture.Dark.CSS()).Replace(string(text))
})

// setStyle gives the page its styles. rules are those that only this page has; they have no text of strangers.
func (h *head) setStyle(rules string) { h.Style = template.CSS(styles() + rules) }

// policy allows the page's styles and icon, and nothing else.
func (h *head) policy() string {
	sum := sha256.Sum256([]byte(h.Style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// parsed has the templates by the name of their file. They are parsed when a page is rendered first: a service
// must start quickly.
var parsed = sync.OnceValues(func() (map[string]*template.Template, error) {
	all := map[string]*template.Template{}
	for _, name := range []string{"timetable", "missing", "courses", "lecture", "schools"} {
		t, err := template.ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse the template %s: %w", name, err)
		}
		all[name] = t
	}
	return all, nil
})

// render renders a page. data embeds h.
func render(name string, h *head, data any) (Page, error) {
	all, err := parsed()
	if err != nil {
		return Page{}, err
	}
	var b bytes.Buffer
	if err := all[name].ExecuteTemplate(&b, "layout.html", data); err != nil {
		return Page{}, fmt.Errorf("render the page %s: %w", name, err)
	}
	return Page{HTML: b.Bytes(), Policy: h.policy()}, nil
}
