package messaging

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// fids are Firebase Installation IDs. Source: @firebase/installations 0.6, generate-fid.ts.
var fids = regexp.MustCompile(`^[cdef][A-Za-z0-9_-]{21}$`)

// maxTokenBytes is the length of a token that a test may choose.
const maxTokenBytes = 4096

// Register registers a device and returns its token. A field of info that is empty gets a default: the token
// and the FID are new ones, and the platform is Android. Registering a token again replaces the device's
// description; its subscriptions stay.
func (s *Server) Register(info DeviceInfo) (token string, err error) {
	if err := checkProject(info.Project); err != nil {
		return "", fmt.Errorf("register a device: %w", err)
	}
	if len(info.Token) > maxTokenBytes || strings.Trim(info.Token, tokenAlphabet+":") != "" {
		return "", fmt.Errorf("register a device: token %.100q is not up to %d letters, digits, colons, _ and -", info.Token, maxTokenBytes)
	}
	switch info.Platform {
	case "":
		info.Platform = AndroidPlatform
	case AndroidPlatform, IOSPlatform, WebPlatform:
	default:
		return "", fmt.Errorf("register a device: platform %q is not ANDROID, IOS or CHROME", info.Platform)
	}
	d, err := change(s, func() (*device, error) { return s.register(info) })
	if err != nil {
		return "", fmt.Errorf("register a device: %w", err)
	}
	return d.Token, nil
}

// register adds or changes a device. The mutex is held.
func (s *Server) register(info DeviceInfo) (*device, error) {
	if info.FID == "" {
		info.FID = newFID()
	}
	if info.Token == "" {
		info.Token = newToken(info.FID)
	}
	d := s.devices[info.Token]
	switch {
	case d != nil && d.Project != info.Project:
		return nil, failure(SenderIDMismatch)
	case d == nil && (len(s.devices) >= maxDevices || s.bytes > maxStateBytes):
		return nil, platformError(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "The local cloud has no room for more than %d devices.", maxDevices)
	}
	d = s.putDevice(info)
	s.changes.Add(record{Device: newDeviceRecord(d)})
	return d, nil
}

// putDevice adds or changes a device, without a record. The mutex is held.
func (s *Server) putDevice(info DeviceInfo) *device {
	d := s.devices[info.Token]
	if d == nil {
		d = &device{topics: map[string]time.Time{}}
		s.devices[info.Token] = d
	} else {
		s.bytes -= d.bytes
		delete(s.byFID, fidKey(d.Project, d.FID))
	}
	wasOffline := d.Offline
	d.DeviceInfo = info
	d.bytes = 512 + int64(2*len(info.Token)+len(info.App)+len(info.FID))
	s.bytes += d.bytes
	s.byFID[fidKey(d.Project, d.FID)] = d
	delete(s.gone, d.Token)
	if wasOffline && !d.Offline {
		d.connect(s.clock.Now())
	}
	return d
}

// Unregister makes a token invalid, as when its app is uninstalled: messages to it fail with UNREGISTERED. Its
// subscriptions end. It does nothing if the token is not registered.
func (s *Server) Unregister(token string) error {
	_, err := change(s, func() (struct{}, error) {
		if d := s.devices[token]; d != nil {
			s.removeDevice(d)
			s.changes.Add(record{Gone: token})
		}
		return struct{}{}, nil
	})
	return err
}

// removeDevice removes a device, without a record. The mutex is held.
func (s *Server) removeDevice(d *device) {
	for topic := range d.topics {
		s.setSubscription(d, topic, false, time.Time{})
	}
	d.clear()
	s.addGone(d.Token)
	s.bytes -= d.bytes
	delete(s.devices, d.Token)
	if s.byFID[fidKey(d.Project, d.FID)] == d {
		delete(s.byFID, fidKey(d.Project, d.FID))
	}
}

// addGone remembers that a token was registered, so that it is not taken for one that never was. The mutex is
// held.
func (s *Server) addGone(token string) {
	if len(s.gone) < maxGone {
		s.gone[token] = struct{}{}
	}
}

// isToken reports whether a token that is not registered may have been. The mutex is held.
func (s *Server) isToken(token string) bool {
	_, gone := s.gone[token]
	return gone || looksLikeToken(token)
}

// SetOnline connects a device, or disconnects it. While it is offline, messages wait for it.
func (s *Server) SetOnline(token string, online bool) error {
	_, err := change(s, func() (struct{}, error) {
		d := s.devices[token]
		switch {
		case d == nil:
			return struct{}{}, fmt.Errorf("messaging: %w", failure(Unregistered))
		case online:
			d.connect(s.clock.Now())
		}
		d.Offline = !online
		s.changes.Add(record{Device: newDeviceRecord(d)})
		return struct{}{}, nil
	})
	return err
}

// setSubscription subscribes a device to a topic or ends its subscription, without a record. It reports
// whether that changes anything. The mutex is held.
func (s *Server) setSubscription(d *device, topic string, on bool, now time.Time) (changed bool) {
	if _, subscribed := d.topics[topic]; subscribed == on {
		return false
	}
	byName := s.topics[d.Project]
	if !on {
		delete(d.topics, topic)
		s.bytes -= subscriptionBytes(topic)
		if delete(byName[topic], d); len(byName[topic]) == 0 {
			delete(byName, topic)
		}
		return true
	}
	if byName == nil {
		byName = map[string]map[*device]struct{}{}
		s.topics[d.Project] = byName
	}
	if byName[topic] == nil {
		byName[topic] = map[*device]struct{}{}
	}
	byName[topic][d] = struct{}{}
	d.topics[topic] = now
	s.bytes += subscriptionBytes(topic)
	return true
}

// subscriptionBytes is what a subscription takes in memory, about.
func subscriptionBytes(topic string) int64 { return 256 + int64(len(topic)) }

// Reset removes the devices, subscriptions, messages and faults of a project, or of all projects if it is "".
func (s *Server) Reset(project string) error {
	_, err := change(s, func() (struct{}, error) {
		s.clearProject(project)
		s.changes.Add(record{Cleared: &project})
		return struct{}{}, nil
	})
	return err
}

// clearProject is Reset without a record. The mutex is held.
func (s *Server) clearProject(project string) {
	s.clearMessages(project)
	for _, d := range s.devices {
		if project == "" || d.Project == project {
			s.removeDevice(d)
		}
	}
	kept := s.faults[:0:0]
	for _, f := range s.faults {
		if project != "" && f.Project != project {
			kept = append(kept, f)
		}
	}
	s.faults = kept
}

// newFID returns a new Firebase Installation ID.
func newFID() string {
	b := make([]byte, 17)
	rand.Read(b) // never fails
	b[0] = 0b01110000 | b[0]&0b1111
	return base64.RawURLEncoding.EncodeToString(b)[:22]
}

// newToken returns a new token of an installation, in the form that Google's have.
func newToken(fid string) string {
	b := make([]byte, 99)
	rand.Read(b) // never fails
	return fid + ":APA91b" + base64.RawURLEncoding.EncodeToString(b)
}

// fidKey is the key of an installation.
func fidKey(project, fid string) string { return project + "/" + fid }

// queryValue reads a query parameter.
func queryValue(r *http.Request, name string) (string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid query string: %v", err)
	}
	return query.Get(name), nil
}

// queryFlag reads a boolean query parameter.
func queryFlag(r *http.Request, name string) (bool, error) {
	value, err := queryValue(r, name)
	return strings.EqualFold(value, "true"), err
}
