package hosting

import (
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"strconv"
)

//go:embed welcome.html
var welcomeText string

var welcomePage = template.Must(template.New("welcome").Parse(welcomeText))

// welcome serves the page shown until the site's folder exists.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusNotFound)
	if r.Method == http.MethodHead {
		return
	}
	var console string
	if s.emulators != nil {
		if ui, ok := s.emulators()["ui"]; ok {
			console = "http://" + net.JoinHostPort(ui.Host, strconv.Itoa(ui.Port))
		}
	}
	welcomePage.Execute(w, map[string]string{"Folder": s.site.Public, "Console": console}) // ignore write errors: the client is gone
}
