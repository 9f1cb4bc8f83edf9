package storage

import (
	"net/http"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/objects"
)

// copyTo copies or moves the first object in the path.
func (s *Server) copyTo(c call, bucket, name string, move bool) (objects.Object, error) {
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
	o, err := s.copyTo(c, c.names[2], c.names[3], false)
	if err != nil {
		return err
	}
	return c.writeObject(o)
}

func (s *Server) moveObject(c call) error {
	o, err := s.copyTo(c, c.names[0], c.names[2], true)
	if err != nil {
		return err
	}
	return c.writeObject(o)
}

// rewriteObject copies the object in one call, regardless of maxBytesRewrittenPerCall.
func (s *Server) rewriteObject(c call) error {
	o, err := s.copyTo(c, c.names[2], c.names[3], false)
	if err != nil {
		return err
	}
	httpjson.Write(c.w, http.StatusOK, struct {
		Kind         string         `json:"kind"`
		TotalWritten int64          `json:"totalBytesRewritten,string"`
		ObjectSize   int64          `json:"objectSize,string"`
		Done         bool           `json:"done"`
		Resource     objectResource `json:"resource"`
	}{"storage#rewriteResponse", o.Size, o.Size, true, newObjectResource(c.Request, o)})
	return nil
}
