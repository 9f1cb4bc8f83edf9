package messaging

import (
	"encoding/json"
	"fmt"
	"time"
)

// record is one change in the log, as JSON. One of its fields is set.
type record struct {
	Device       *deviceRecord       `json:",omitempty"` // a device that was added or changed
	Subscription *subscriptionRecord `json:",omitempty"`
	Gone         string              `json:",omitempty"` // the token of a device that was removed
	Cleared      *string             `json:",omitempty"` // a project whose devices were removed; "" is all
}

// deviceRecord is a device. In a snapshot it has its subscriptions.
type deviceRecord struct {
	DeviceInfo
	Topics map[string]time.Time `json:",omitempty"`
}

// subscriptionRecord is a change of subscriptions to one topic.
type subscriptionRecord struct {
	Topic  string
	Tokens []string
	On     bool
	Time   time.Time
}

func newDeviceRecord(d *device) *deviceRecord {
	return &deviceRecord{DeviceInfo: d.DeviceInfo}
}

// state adds the records that recreate the current state. The mutex is held.
func (s *Server) state(add func(any)) {
	for _, d := range s.devices {
		r := newDeviceRecord(d)
		r.Topics = d.topics
		add(record{Device: r})
	}
	for token := range s.gone {
		add(record{Gone: token})
	}
}

// apply repeats a change of an earlier process.
func (s *Server) apply(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("reading a record: %w", err)
	}
	switch {
	case r.Device != nil:
		d := s.putDevice(r.Device.DeviceInfo)
		for topic, since := range r.Device.Topics {
			s.setSubscription(d, topic, true, since)
		}
	case r.Subscription != nil:
		for _, token := range r.Subscription.Tokens {
			if d := s.devices[token]; d != nil {
				s.setSubscription(d, r.Subscription.Topic, r.Subscription.On, r.Subscription.Time)
			}
		}
	case r.Cleared != nil:
		s.clearProject(*r.Cleared)
	case r.Gone != "":
		if d := s.devices[r.Gone]; d != nil {
			s.removeDevice(d)
		}
		s.addGone(r.Gone)
	}
	return nil
}
