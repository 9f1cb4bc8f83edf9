package messaging

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The subscriptions of one device in the HTTP v1 API.
//
// Source: the discovery document of version v1, revision 20261018, resource
// projects.registrations.topicSubscriptions.

// topicSubscription is a device's subscription to a topic.
type topicSubscription struct {
	Name       string    `json:"name"`
	TopicName  string    `json:"topicName"`
	CreateTime time.Time `json:"createTime"`
}

// newTopicSubscription describes a subscription. The mutex is held.
func newTopicSubscription(d *device, registration, topic string) topicSubscription {
	name := fmt.Sprintf("projects/%s/registrations/%s/topicSubscriptions/%s", d.Project, registration, topic)
	return topicSubscription{name, topic, d.topics[topic].UTC()}
}

// Page sizes of a list: ours, because the document has none.
const (
	defaultPage = 100
	maxPage     = 1000
)

// createSubscription subscribes a device to a topic.
func (s *Server) createSubscription(r *http.Request, _ []byte) (any, error) {
	topic, err := queryValue(r, "topicName")
	if err != nil {
		return nil, err
	}
	return s.changeSubscription(r, topic, true, func(subscribed bool) error {
		if subscribed {
			return platformError(http.StatusConflict, "ALREADY_EXISTS", "Requested entity already exists")
		}
		return nil
	})
}

// patchSubscription subscribes a device to a topic, unless it is subscribed.
func (s *Server) patchSubscription(r *http.Request, _ []byte) (any, error) {
	missing, err := queryFlag(r, "allowMissing")
	if err != nil {
		return nil, err
	}
	return s.changeSubscription(r, r.PathValue("topic"), true, func(subscribed bool) error { return mustExist(subscribed || missing) })
}

// deleteSubscription ends a subscription.
func (s *Server) deleteSubscription(r *http.Request, _ []byte) (any, error) {
	missing, err := queryFlag(r, "allowMissing")
	if err != nil {
		return nil, err
	}
	_, err = s.changeSubscription(r, r.PathValue("topic"), false, func(subscribed bool) error { return mustExist(subscribed || missing) })
	return struct{}{}, err
}

func mustExist(exists bool) error {
	if !exists {
		return platformError(http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
	}
	return nil
}

// changeSubscription changes a subscription of the device in the path, if check does not reject it.
func (s *Server) changeSubscription(r *http.Request, topic string, on bool, check func(subscribed bool) error) (any, error) {
	if !isTopicName(topic) {
		return nil, invalidField("topic_name", "Invalid topic name provided.")
	}
	project, id := r.PathValue("project"), r.PathValue("registration")
	return change(s, func() (any, error) {
		d := s.registration(project, id)
		if d == nil {
			return nil, mustExist(false)
		}
		_, subscribed := d.topics[topic]
		if err := check(subscribed); err != nil {
			return nil, err
		}
		if f := s.takeFault(project, func(f *Fault) bool { return f.matchesSubscription(d.Token, topic) }); f != nil {
			return nil, f.failure()
		}
		switch reason := s.subscriptionError(d.Token, topic, on); reason {
		case "":
		case tokenTopics, tokenExhausted:
			return nil, platformError(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "%s", reason)
		default:
			return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "%s", reason)
		}
		now := s.clock.Now()
		if s.setSubscription(d, topic, on, now) {
			s.changes.Add(record{Subscription: &subscriptionRecord{Topic: topic, Tokens: []string{d.Token}, On: on, Time: now}})
		}
		return newTopicSubscription(d, id, topic), nil
	})
}

// getSubscription returns one subscription of a device.
func (s *Server) getSubscription(r *http.Request, _ []byte) (any, error) {
	id, topic := r.PathValue("registration"), r.PathValue("topic")
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.registration(r.PathValue("project"), id)
	if d == nil {
		return nil, mustExist(false)
	}
	if _, subscribed := d.topics[topic]; !subscribed {
		return nil, mustExist(false)
	}
	return newTopicSubscription(d, id, topic), nil
}

// listSubscriptions returns a device's subscriptions by topic. The page token is the next page's first topic.
func (s *Server) listSubscriptions(r *http.Request, _ []byte) (any, error) {
	text, err := queryValue(r, "pageSize")
	if err != nil {
		return nil, err
	}
	from, err := queryValue(r, "pageToken")
	if err != nil {
		return nil, err
	}
	size := defaultPage
	if text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 0 {
			return nil, invalidField("page_size", "Invalid page size: %s", text)
		}
		if size == 0 || size > maxPage {
			size = maxPage
		}
	}
	id := r.PathValue("registration")
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.registration(r.PathValue("project"), id)
	if d == nil {
		return nil, mustExist(false)
	}
	response := struct {
		Subscriptions []topicSubscription `json:"topicSubscriptions,omitempty"`
		Next          string              `json:"nextPageToken,omitempty"`
	}{}
	for _, topic := range slices.Sorted(maps.Keys(d.topics)) {
		switch {
		case topic < from:
			continue
		case len(response.Subscriptions) == size:
			response.Next = topic
			return response, nil
		}
		response.Subscriptions = append(response.Subscriptions, newTopicSubscription(d, id, topic))
	}
	return response, nil
}
