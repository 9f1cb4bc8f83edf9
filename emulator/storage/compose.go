package storage

import (
	"encoding/json"

	"heek.kr/heektime/emulator/internal/objects"
)

// composeRequest is the body of a compose request.
// Source: https://cloud.google.com/storage/docs/json_api/v1/objects/compose.
type composeRequest struct {
	Destination         fields
	DeleteSourceObjects bool
	SourceObjects       []struct {
		Name                string
		Generation          json.Number
		ObjectPreconditions struct{ IfGenerationMatch json.Number }
	}
}

func (s *Server) compose(c call) error {
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	var req composeRequest
	for name, to := range map[string]any{"destination": &req.Destination, "deleteSourceObjects": &req.DeleteSourceObjects, "sourceObjects": &req.SourceObjects} {
		if err := f.into(name, to); err != nil {
			return err
		}
	}
	p, err := c.putRequest(c.names[0], c.names[1], req.Destination)
	if err != nil {
		return err
	}
	var sources []objects.Source
	for _, from := range req.SourceObjects {
		src := objects.Source{Ref: objects.Ref{Bucket: c.names[0], Name: from.Name}}
		if from.Generation != "" {
			if src.Generation, err = from.Generation.Int64(); err != nil {
				return badRequest("Invalid value for sourceObjects.generation: " + from.Generation.String())
			}
		}
		if match := from.ObjectPreconditions.IfGenerationMatch; match != "" {
			n, err := match.Int64()
			if err != nil {
				return badRequest("Invalid value for ifGenerationMatch: " + match.String())
			}
			src.Conditions.GenerationMatch = &n
		}
		sources = append(sources, src)
	}
	o, err := s.store.Compose(sources, p, req.DeleteSourceObjects)
	if err != nil {
		return err
	}
	return c.writeObject(o)
}
