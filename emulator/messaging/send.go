package messaging

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// send is projects.messages.send.
// Source: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
func (s *Server) send(r *http.Request, body []byte) (any, error) {
	project := r.PathValue("project")
	if err := checkProject(project); err != nil {
		return nil, err
	}
	var request sendRequest
	if err := decodeJSON(body, &request); err != nil {
		return nil, err
	}
	if request.Message == nil {
		return nil, invalidField("message", "Message is required.")
	}
	if err := checkMessage(request.Message); err != nil {
		return nil, err
	}
	return s.accept(r, project, request)
}

// sendResponse is a Message of which only the name is set.
type sendResponse struct {
	Name string `json:"name"`
}

// accept delivers a message, unless it is only to be validated.
func (s *Server) accept(r *http.Request, project string, request sendRequest) (any, error) {
	m := request.Message
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	fault := s.takeFault(project, func(f *Fault) bool { return f.matchesMessage(m) })
	if fault != nil && !fault.Delivered {
		return nil, fault.failure()
	}
	targets, err := s.targets(project, m)
	if err != nil {
		return nil, err
	}
	if request.ValidateOnly {
		return sendResponse{"projects/" + project + "/messages/fake_message_id"}, nil
	}
	now := s.clock.Now()
	accepted := &sent{Sent: Sent{ID: s.newName(project, m, now), Project: project, Time: now, Message: m, Devices: len(targets)}}
	for _, d := range targets {
		accepted.deliveries = append(accepted.deliveries, d.deliver(accepted, now))
	}
	s.log.add(accepted)
	s.countMessage(r)
	if fault != nil {
		return nil, fault.failure()
	}
	return sendResponse{accepted.ID}, nil
}

// newName returns the name of a new message. The mutex is held.
func (s *Server) newName(project string, m *Message, now time.Time) string {
	s.sequence++
	id := fmt.Sprintf("0:%d%%%08x", now.UnixMicro(), s.sequence)
	if m.Topic != "" || m.Condition != "" {
		id = fmt.Sprintf("%d%06d", now.UnixMicro(), s.sequence)
	}
	return "projects/" + project + "/messages/" + id
}

// targets returns the devices that a message goes to. The mutex is held.
func (s *Server) targets(project string, m *Message) ([]*device, error) {
	var targets []*device
	switch {
	case m.Topic != "":
		for d := range s.topics[project][m.Topic] {
			targets = append(targets, d)
		}
	case m.Condition != "":
		holds, err := parseCondition(m.Condition)
		if err != nil { // checkMessage has parsed it
			return nil, err
		}
		for _, d := range s.devices {
			subscribed := func(topic string) bool { _, ok := d.topics[topic]; return ok }
			if d.Project == project && holds(subscribed) {
				targets = append(targets, d)
			}
		}
	default:
		d, err := s.target(project, m)
		if err != nil {
			return nil, err
		}
		targets = []*device{d}
	}
	return targets, nil
}

// target returns the device of a message's token or installation. The mutex is held.
func (s *Server) target(project string, m *Message) (*device, error) {
	d := s.devices[m.Token]
	if id := m.FID + m.Token; d == nil { // a token may also be a FID
		d = s.byFID[fidKey(project, id)]
	}
	switch {
	case d == nil && m.Token != "" && !s.isToken(m.Token):
		return nil, invalidToken()
	case d == nil:
		return nil, failure(Unregistered)
	case d.Project != project:
		return nil, failure(SenderIDMismatch)
	}
	for at, name := range m.restrictedPackages() {
		if d.Platform == AndroidPlatform && d.App != "" && name != "" && name != d.App {
			return nil, invalidField(at, "The package name of the registration token does not match %s.", name)
		}
	}
	return d, nil
}

// restrictedPackages returns the package names that a message is restricted to, by the field.
func (m *Message) restrictedPackages() map[string]string {
	names := map[string]string{}
	if m.Android != nil {
		names["message.android.restricted_package_name"] = m.Android.RestrictedPackageName
	}
	if m.AndroidV2 != nil {
		names["message.android_v2.restricted_package_name"] = m.AndroidV2.RestrictedPackageName
	}
	return names
}

// looksLikeToken reports whether a string has the form of a registration token, a FID, a colon and at least
// a hundred characters, or of a FID. Google does not document it.
func looksLikeToken(s string) bool {
	fid, rest, _ := strings.Cut(s, ":")
	return fids.MatchString(fid) && (rest == "" || len(rest) >= 100 && strings.Trim(rest, tokenAlphabet) == "")
}

const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
