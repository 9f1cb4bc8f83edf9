package firebasedeploy

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// root is the top of the repository.
const root = "../../.."

// copyProject copies what the CLI deploys, since the CLI writes a log and a cache next to it.
func copyProject(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"firebase.json", "firestore.rules", "firestore.indexes.json", "storage.rules"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(read(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(folder, "web", "dist"), os.DirFS(filepath.Join(root, "web", "dist"))); err != nil {
		t.Fatal(err)
	}
	return folder
}

// read returns the content of a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readJSON decodes a file of the repository.
func readJSON(t *testing.T, name string, value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, name)), value); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestDeploy(t *testing.T) {
	c, g := installCLI(t), startGoogle(t)
	c.deployTo(t, g)
	folder := copyProject(t)
	if output := c.deploy(t, folder); !strings.Contains(output, "Deploy complete!") {
		t.Errorf("firebase deploy printed\n%s", output)
	}
	g.checkRequests(t)
	t.Run("rules", func(t *testing.T) { checkRules(t, &g.rules) })
	t.Run("indexes", func(t *testing.T) { checkIndexes(t, &g.indexes) })
	t.Run("hosting", func(t *testing.T) { checkHosting(t, &g.hosting) })
	t.Run("files", func(t *testing.T) { checkFiles(t, &g.hosting) })
	t.Run("again", func(t *testing.T) {
		c.deploy(t, folder)
		for _, request := range g.checkRequests(t) {
			for _, change := range []string{
				"POST /firebaserules.googleapis.com/v1/projects/" + project + "/rulesets",
				"POST /firestore.googleapis.com/", "PATCH /firestore.googleapis.com/", "POST /upload-",
			} {
				if strings.HasPrefix(request, change) {
					t.Errorf("the second deploy of the same files sends %s", request)
				}
			}
		}
	})
}

// checkRules compares the released rules with the files, byte by byte.
func checkRules(t *testing.T, api *rulesAPI) {
	wants := map[string]string{"cloud.firestore": "firestore.rules", "firebase.storage/" + bucket: "storage.rules"}
	if len(api.releases) != len(wants) {
		t.Errorf("%d releases, want %d", len(api.releases), len(wants))
	}
	for name, file := range wants {
		want := []rulesFile{{file, read(t, file)}}
		ruleset := api.rulesets[api.releases["projects/"+project+"/releases/"+name].RulesetName]
		if !slices.Equal(ruleset.Files, want) {
			t.Errorf("the released %s is not %s but %q", name, file, ruleset.Files)
		}
		if !slices.ContainsFunc(api.compiled, func(s source) bool { return slices.Equal(s.Files, want) }) {
			t.Errorf("%s was released without a check for compilation errors", file)
		}
	}
}

// checkIndexes compares composite indexes and field overrides with firestore.indexes.json.
func checkIndexes(t *testing.T, api *indexesAPI) {
	var file struct {
		Indexes        []index
		FieldOverrides []struct {
			CollectionGroup, FieldPath string
			TTL                        *bool
			Indexes                    []struct{ QueryScope, Order, ArrayConfig string }
		}
	}
	readJSON(t, "firestore.indexes.json", &file)
	if len(api.indexes) != len(file.Indexes) || len(file.Indexes) == 0 {
		t.Fatalf("%d indexes, want %d", len(api.indexes), len(file.Indexes))
	}
	for i, want := range file.Indexes {
		got := api.indexes[i]
		parent := "/collectionGroups/" + want.CollectionGroup + "/indexes/"
		got.Fields = got.Fields[:len(got.Fields)-1] // without the document's name
		if !strings.Contains(got.Name, parent) || got.QueryScope != want.QueryScope || !reflect.DeepEqual(got.Fields, want.Fields) {
			t.Errorf("index %+v, want %+v", got, want)
		}
	}
	if len(api.fields) != len(file.FieldOverrides) || len(file.FieldOverrides) == 0 {
		t.Fatalf("%d field overrides, want %d", len(api.fields), len(file.FieldOverrides))
	}
	for _, want := range file.FieldOverrides {
		name := want.CollectionGroup + "/" + want.FieldPath
		got, exists := api.fields[name]
		indexes := []index{}
		for _, i := range want.Indexes {
			indexes = append(indexes, index{QueryScope: i.QueryScope, Fields: []indexField{{want.FieldPath, i.Order, i.ArrayConfig}}})
		}
		if !exists || !reflect.DeepEqual(got.IndexConfig.Indexes, indexes) {
			t.Errorf("%s: override %+v, want indexes %+v", name, got, indexes)
		}
		// Without a mask, a missing ttlConfig ends the TTL policy. If the file does not mention
		// TTL, the mask protects the policy that an operator has set.
		mask := ""
		if want.TTL == nil {
			mask = "indexConfig"
		}
		if expires := want.TTL != nil && *want.TTL; expires != (got.TTLConfig != nil) || got.updateMask != mask {
			t.Errorf("%s: TTL %v with the mask %q, want %v with %q", name, got.TTLConfig != nil, got.updateMask, expires, mask)
		}
	}
}

// checkHosting compares the configuration of the released version with firebase.json.
func checkHosting(t *testing.T, api *hostingAPI) {
	var file struct {
		Hosting struct {
			Rewrites []struct {
				Source, Regex, Destination string
				Run                        run
			}
			Headers []struct {
				Source  string
				Headers []struct{ Key, Value string }
			}
		}
	}
	readJSON(t, "firebase.json", &file)
	var want hostingConfig
	for _, r := range file.Hosting.Rewrites {
		want.Rewrites = append(want.Rewrites, rewrite{r.Source, r.Regex, r.Destination, r.Run})
		if r.Run.ServiceID != "" && !isService(r.Run.ServiceID) {
			t.Errorf("%s%s is rewritten to %s, which is not a service of the repository", r.Source, r.Regex, r.Run.ServiceID)
		}
	}
	for _, h := range file.Hosting.Headers {
		headers := map[string]string{}
		for _, pair := range h.Headers {
			headers[pair.Key] = pair.Value
		}
		want.Headers = append(want.Headers, header{h.Source, headers})
	}
	if got := api.released(t).Config; !reflect.DeepEqual(got, want) || len(want.Rewrites) == 0 || len(want.Headers) == 0 {
		t.Errorf("the version's configuration\n%+v\nwant\n%+v", got, want)
	}
}

// checkFiles compares the files of the released version with web/dist.
func checkFiles(t *testing.T, api *hostingAPI) {
	want, got := map[string]string{}, map[string]string{}
	dist := os.DirFS(filepath.Join(root, "web", "dist"))
	err := fs.WalkDir(dist, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dist, path)
		want["/"+path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, hash := range api.released(t).files {
		got[path] = string(api.contents[hash])
	}
	if !maps.Equal(got, want) || want["/index.html"] == "" {
		t.Errorf("files %q, want %q", got, want)
	}
}

// isService reports whether the repository has a Cloud Run service of that name. Google rejects
// rewrites to services that do not exist: "Cloud Run service … does not exist in region …",
// https://github.com/firebase/firebase-tools/issues/2364.
func isService(id string) bool {
	return slices.ContainsFunc([]string{"run/" + id, id}, func(folder string) bool {
		_, err := os.Stat(filepath.Join(root, folder, "main.go"))
		return err == nil
	})
}
