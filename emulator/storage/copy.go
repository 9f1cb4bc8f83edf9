package storage

import (
	"encoding/json"
	"net/http"

	"heek.kr/heektime/emulator/internal/objects"
)

// putRequest makes a request to write the named object out of the resource and the conditions that the client sent.
func (c call) putRequest(bucket, name string, f fields) (objects.PutRequest, error) {
	p := objects.PutRequest{Bucket: bucket, Name: name}
	var err error
	if p.Conditions, err = c.conditions(""); err != nil {
		return p, err
	}
	for _, key := range []string{"X-Goog-Encryption-Algorithm", "X-Goog-Copy-Source-Encryption-Algorithm"} {
		if c.Header.Get(key) != "" {
			return p, notEmulated("customer-supplied encryption keys")
		}
	}
	if err := f.apply(&p.Metadata); err != nil {
		return p, err
	}
	for field, to := range map[string]*string{"storageClass": &p.StorageClass, "crc32c": &p.Checksums.CRC32C, "md5Hash": &p.Checksums.MD5} {
		if *to, err = f.text(field); err != nil {
			return p, err
		}
	}
	return p, nil
}

// copyBytes copies the object that the path names first.
func (s *Server) copyBytes(c call, bucket, name string, move bool) (objects.Object, error) {
	f, err := readFields(c.Body)
	if err != nil {
		return objects.Object{}, err
	}
	p, err := c.putRequest(bucket, name, f)
	if err != nil {
		return objects.Object{}, err
	}
	var from objects.Source
	if from.Ref, err = c.ref("sourceGeneration"); err != nil {
		return objects.Object{}, err
	}
	if from.Conditions, err = c.conditions("Source"); err != nil {
		return objects.Object{}, err
	}
	return s.store.Copy(from, p, move)
}

func (s *Server) copyObject(c call) error {
	o, err := s.copyBytes(c, c.names[2], c.names[3], false)
	if err != nil {
		return err
	}
	return c.answerObject(o)
}

func (s *Server) moveObject(c call) error {
	o, err := s.copyBytes(c, c.names[0], c.names[2], true)
	if err != nil {
		return err
	}
	return c.answerObject(o)
}

// rewriteObject is done in one step, whatever maxBytesRewrittenPerCall says.
func (s *Server) rewriteObject(c call) error {
	o, err := s.copyBytes(c, c.names[2], c.names[3], false)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, struct {
		Kind         string         `json:"kind"`
		TotalWritten int64          `json:"totalBytesRewritten,string"`
		ObjectSize   int64          `json:"objectSize,string"`
		Done         bool           `json:"done"`
		Resource     objectResource `json:"resource"`
	}{"storage#rewriteResponse", o.Size, o.Size, true, newObjectResource(c.Request, o)})
}

// composeRequest is the body of a compose. Source: https://cloud.google.com/storage/docs/json_api/v1/objects/compose.
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
	return c.answerObject(o)
}
