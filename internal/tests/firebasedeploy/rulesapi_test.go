package firebasedeploy

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// rulesAPI is the state of the Firebase Rules API.
type rulesAPI struct {
	compiled []source           // what the CLI had checked, in order
	rulesets map[string]source  // by name
	releases map[string]release // by name
}

type source struct {
	Files []rulesFile `json:"files"`
}

type rulesFile struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

type release struct {
	Name        string `json:"name"`
	RulesetName string `json:"rulesetName"`
	CreateTime  string `json:"createTime"`
}

func (g *google) handleRules() {
	g.rules = rulesAPI{rulesets: map[string]source{}, releases: map[string]release{}}
	const base = "/firebaserules.googleapis.com/v1/projects/" + project
	g.mux.HandleFunc("POST "+base+":test", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Source source }
		if g.decode(w, r, &body) {
			g.rules.compiled = append(g.rules.compiled, body.Source)
			respond(w, map[string]any{})
		}
	})
	g.mux.HandleFunc("POST "+base+"/rulesets", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Source source }
		if g.decode(w, r, &body) {
			name := fmt.Sprintf("projects/%s/rulesets/%d", project, len(g.rules.rulesets)+1)
			g.rules.rulesets[name] = body.Source
			respond(w, map[string]any{"name": name, "source": body.Source})
		}
	})
	g.mux.HandleFunc("GET "+base+"/rulesets/{id}", func(w http.ResponseWriter, r *http.Request) {
		name := "projects/" + project + "/rulesets/" + r.PathValue("id")
		respond(w, map[string]any{"name": name, "source": g.rules.rulesets[name]})
	})
	g.mux.HandleFunc("GET "+base+"/releases", func(w http.ResponseWriter, r *http.Request) {
		respond(w, map[string]any{"releases": slices.Collect(maps.Values(g.rules.releases))})
	})
	g.mux.HandleFunc("POST "+base+"/releases", func(w http.ResponseWriter, r *http.Request) {
		var body release
		if g.decode(w, r, &body) {
			g.release(w, body)
		}
	})
	g.mux.HandleFunc("PATCH "+base+"/releases/{name...}", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Release release }
		if !g.decode(w, r, &body) {
			return
		}
		if _, exists := g.rules.releases[body.Release.Name]; !exists {
			// Then the CLI creates it.
			respondError(w, http.StatusNotFound, "Requested entity was not found.")
			return
		}
		g.release(w, body.Release)
	})
}

// release makes a release, or switches it to another ruleset.
func (g *google) release(w http.ResponseWriter, r release) {
	if _, exists := g.rules.rulesets[r.RulesetName]; !exists {
		g.reject(w, http.StatusBadRequest, "ruleset %s does not exist", r.RulesetName)
		return
	}
	r.CreateTime = "2026-11-28T00:00:00Z"
	g.rules.releases[r.Name] = r
	respond(w, r)
}
