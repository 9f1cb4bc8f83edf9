package messaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// The emulator's own API, for tests in other languages. It needs no credentials.

func (s *Server) controlRoutes() map[string]handler {
	const project = " /emulator/v1/projects/{project}/"
	return map[string]handler{
		"GET" + project + "messages":           s.listMessages,
		"DELETE" + project + "messages":        s.deleteMessages,
		"GET" + project + "devices":            s.listDevices,
		"POST" + project + "devices":           s.addDevice,
		"DELETE" + project + "devices":         s.deleteDevices,
		"GET" + project + "devices/{token}":    s.showDevice,
		"DELETE" + project + "devices/{token}": s.deleteDevice,
		"POST" + project + "faults":            s.addFault,
		"DELETE" + project + "faults":          s.deleteFaults,
	}
}

func (s *Server) listMessages(r *http.Request, _ []byte) (any, error) {
	all := s.Inbox(r.PathValue("project")).All()
	if all == nil {
		all = []Sent{}
	}
	return map[string]any{"messages": all}, nil
}

func (s *Server) deleteMessages(r *http.Request, _ []byte) (any, error) {
	s.Inbox(r.PathValue("project")).Clear()
	return struct{}{}, nil
}

func (s *Server) listDevices(r *http.Request, _ []byte) (any, error) {
	all := s.Inbox(r.PathValue("project")).Devices()
	if all == nil {
		all = []Device{}
	}
	return map[string]any{"devices": all}, nil
}

// addDevice registers a device, or changes it if its token is registered.
func (s *Server) addDevice(r *http.Request, body []byte) (any, error) {
	var info DeviceInfo
	if err := decodeControl(body, &info); err != nil {
		return nil, err
	}
	inbox := s.Inbox(r.PathValue("project"))
	token, err := inbox.Register(info)
	var known *apiError
	switch {
	case errors.As(err, &known):
		return nil, known
	case err != nil:
		return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "%v", err)
	}
	d, _ := inbox.Device(token)
	return d, nil
}

// deleteDevices resets the project.
func (s *Server) deleteDevices(r *http.Request, _ []byte) (any, error) {
	if err := checkProject(r.PathValue("project")); err != nil {
		return nil, err
	}
	return struct{}{}, s.Reset(r.PathValue("project"))
}

func (s *Server) showDevice(r *http.Request, _ []byte) (any, error) {
	d, ok := s.Inbox(r.PathValue("project")).Device(r.PathValue("token"))
	if !ok {
		return nil, failure(Unregistered)
	}
	return d, nil
}

func (s *Server) deleteDevice(r *http.Request, _ []byte) (any, error) {
	return struct{}{}, s.Unregister(r.PathValue("token"))
}

// addFault makes requests of the project fail.
func (s *Server) addFault(r *http.Request, body []byte) (any, error) {
	var input struct {
		Fault
		RetryAfter Duration `json:"retryAfter"`
	}
	if err := decodeControl(body, &input); err != nil {
		return nil, err
	}
	if _, known := failures[input.Code]; !known {
		return nil, invalidField("code", "Unknown error code: %s", input.Code)
	}
	f := input.Fault
	f.Project, f.RetryAfter = r.PathValue("project"), time.Duration(input.RetryAfter)
	s.Inject(f)
	return struct{}{}, nil
}

func (s *Server) deleteFaults(*http.Request, []byte) (any, error) {
	s.ClearFaults()
	return struct{}{}, nil
}

// decodeControl decodes a body. It rejects unknown names, which would have no effect.
func decodeControl(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "The request body: %v", err)
	}
	return nil
}
