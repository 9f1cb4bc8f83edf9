package messaging

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Inbox is what the server holds of one project: the messages that were accepted, and the devices with what
// they received. It returns copies.
type Inbox struct {
	server  *Server
	project string
}

// Inbox returns the inbox of a project.
func (s *Server) Inbox(project string) Inbox { return Inbox{s, project} }

// Device is a device with its subscriptions and messages.
type Device struct {
	DeviceInfo
	Topics []string `json:"topics,omitempty"` // sorted
	// Received are the last messages that arrived, oldest first, also those that show nothing.
	Received []Received `json:"received,omitempty"`
	// Shown are the notifications that the device shows, oldest first.
	Shown []Received `json:"shown,omitempty"`
	// Waiting are the messages that have not arrived because the device is offline, oldest first.
	Waiting []Received `json:"waiting,omitempty"`
	// Dropped is how many messages were discarded because too many were waiting.
	Dropped int `json:"dropped,omitempty"`
}

// Received is a message as a device gets it.
type Received struct {
	ID   string    `json:"id"` // the message's name
	Sent time.Time `json:"sent"`
	Content
	Message *Message `json:"message"` // do not change it
}

// All returns the accepted messages, oldest first. Of very many, only the latest are kept.
func (i Inbox) All() []Sent { return i.filter(func(*Message) bool { return true }) }

// ToTopic returns the messages that were sent to a topic, oldest first.
func (i Inbox) ToTopic(name string) []Sent {
	return i.filter(func(m *Message) bool { return m.Topic == name })
}

// ToToken returns the messages that were sent to a token, oldest first. Those that a device got through a
// topic are in [Device.Received].
func (i Inbox) ToToken(token string) []Sent {
	return i.filter(func(m *Message) bool { return m.Token == token })
}

func (i Inbox) filter(match func(*Message) bool) []Sent {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	var found []Sent
	for _, m := range i.server.log.all {
		if m.Project == i.project && match(m.Message) {
			found = append(found, m.Sent)
		}
	}
	return found
}

// Devices returns all devices, by token.
func (i Inbox) Devices() []Device {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	var all []Device
	now := i.server.clock.Now()
	for _, d := range i.server.devices {
		if d.Project == i.project {
			all = append(all, d.snapshot(now))
		}
	}
	slices.SortFunc(all, func(a, b Device) int { return cmp.Compare(a.Token, b.Token) })
	return all
}

// Device returns a device; ok is false for a token that is not registered.
func (i Inbox) Device(token string) (_ Device, ok bool) {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	d := i.server.devices[token]
	if d == nil || d.Project != i.project {
		return Device{}, false
	}
	return d.snapshot(i.server.clock.Now()), true
}

// Shown returns the notifications that a device shows, oldest first.
func (i Inbox) Shown(token string) []Received {
	d, _ := i.Device(token)
	return d.Shown
}

// Subscribers returns the tokens that are subscribed to a topic, sorted.
func (i Inbox) Subscribers(topic string) []string {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	var tokens []string
	for d := range i.server.topics[i.project][topic] {
		tokens = append(tokens, d.Token)
	}
	slices.SortFunc(tokens, strings.Compare)
	return tokens
}

// Register registers a device of the inbox's project and returns its token; see [Server.Register].
func (i Inbox) Register(info DeviceInfo) (token string, err error) {
	info.Project = i.project
	return i.server.Register(info)
}

// Clear removes the messages, and what the devices received. Devices and subscriptions stay.
func (i Inbox) Clear() {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.server.clearMessages(i.project)
}

// clearMessages removes the messages of a project, or of all if it is "". The mutex is held.
func (s *Server) clearMessages(project string) {
	kept := messageLog{}
	for _, m := range s.log.all {
		if project != "" && m.Project != project {
			kept.all = append(kept.all, m)
			kept.bytes += m.bytes
		}
	}
	s.log = kept
	for _, d := range s.devices {
		if project == "" || d.Project == project {
			d.clear()
		}
	}
}

// snapshot returns a copy. The mutex is held.
func (d *device) snapshot(now time.Time) Device {
	alive := slices.DeleteFunc(slices.Clone(d.waiting), func(x *delivery) bool { return !x.expires.After(now) })
	return Device{
		DeviceInfo: d.DeviceInfo, Topics: slices.Sorted(maps.Keys(d.topics)), Dropped: d.dropped,
		Received: newReceived(d.received), Shown: newReceived(d.shown), Waiting: newReceived(alive),
	}
}

func newReceived(deliveries []*delivery) []Received {
	var all []Received
	for _, x := range deliveries {
		all = append(all, Received{ID: x.sent.ID, Sent: x.sent.Time, Content: x.content, Message: x.sent.Message})
	}
	return all
}
