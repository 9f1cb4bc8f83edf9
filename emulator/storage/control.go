package storage

import (
	"errors"
	"net/http"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/rules"
)

// controlRoutes are the emulator's own endpoints, used by @firebase/rules-unit-testing and the
// Firebase CLI. Source: wire traffic of these two.
var controlRoutes = map[string]handler{
	"PUT /internal/setRules": (*Server).handleSetRules,
	"POST /internal/reset":   (*Server).handleReset,
}

// handleSetRules accepts one file for all buckets, or several that each name their bucket as
// resource.
func (s *Server) handleSetRules(c call) error {
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	var sent struct {
		Files []struct {
			rulesFile
			Resource string
		}
	}
	if err := f.into("rules", &sent); err != nil {
		return err
	}
	files := map[string]rulesFile{}
	for _, file := range sent.Files {
		if file.Name == "" {
			file.Name = "storage.rules"
		}
		files[file.Resource] = file.rulesFile
	}
	if len(files) == 0 || len(files) < len(sent.Files) {
		return badRequest("The request needs rules.files; each file needs content and, if there are several, its bucket as resource.")
	}
	warnings, err := s.setRules(files)
	rules.Log(s.log, warnings)
	var bad *rules.Error
	if errors.As(err, &bad) {
		httpjson.Write(c.w, http.StatusBadRequest, map[string]string{"message": "There was an error updating rules: the old rules stay active.\n" + bad.Error()})
		return nil
	}
	if err != nil {
		return err
	}
	httpjson.Write(c.w, http.StatusOK, map[string]string{"message": "Rules updated successfully"})
	return nil
}

func (s *Server) handleReset(c call) error {
	if err := s.Reset(); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusOK)
	return nil
}
