package storage

import (
	"errors"
	"net/http"

	"heek.kr/heektime/emulator/rules"
)

// controls are the emulator's own calls, by which @firebase/rules-unit-testing and the Firebase CLI set it up.
// Source: wire traffic of these two.
var controls = map[string]handler{
	"PUT /internal/setRules": (*Server).setRulesCall,
	"POST /internal/reset":   (*Server).resetCall,
}

// setRulesCall takes one file for all buckets, or several with a bucket as each one's resource.
func (s *Server) setRulesCall(c call) error {
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
		return badRequest("The request needs rules.files, with a content each, and a resource, the bucket, when there are several.")
	}
	_, err = s.setRules(files)
	var bad *rules.Error
	if errors.As(err, &bad) {
		return writeJSON(c.w, http.StatusBadRequest, map[string]string{"message": "The rules have errors and are as before.\n" + bad.Error()})
	}
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, map[string]string{"message": "Rules updated successfully"})
}

func (s *Server) resetCall(c call) error {
	if err := s.Reset(); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusOK)
	return nil
}
