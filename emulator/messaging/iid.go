package messaging

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// The Instance ID service's part of Cloud Messaging: it subscribes devices to topics.
//
// Source: https://developers.google.com/instance-id/reference/server

// maxBatchTokens is how many tokens a request may have.
const maxBatchTokens = 1000

// Errors of a token in a batch.
const (
	tokenNotFound  = "NOT_FOUND"
	tokenInvalid   = "INVALID_ARGUMENT"
	tokenTopics    = "TOO_MANY_TOPICS"
	tokenExhausted = "RESOURCE_EXHAUSTED" // the emulator's memory; see maxStateBytes
)

// relation is the body of batchAdd and batchRemove.
type relation struct {
	To     string   `json:"to"`
	Tokens []string `json:"registration_tokens"`
}

// relationResult is what happened to one token; it is empty when all is well.
type relationResult struct {
	Error string `json:"error,omitempty"`
}

// writeInstanceID writes an error in the service's form, whose only member is a text.
func (e *apiError) writeInstanceID(w http.ResponseWriter) {
	e.setRetryAfter(w)
	httpjson.Write(w, e.body.Code, map[string]string{"error": e.body.Message})
}

// announced requires an OAuth access token, as authorized does, and that a header announces it: without
// access_token_auth, the service takes the credential for a legacy server key.
func announced(handle handler) handler {
	return func(r *http.Request, body []byte) (any, error) {
		if !hasAccessToken(r) || !strings.EqualFold(r.Header.Get("access_token_auth"), "true") {
			return nil, errServerKey
		}
		return handle(r, body)
	}
}

var errServerKey = platformError(http.StatusUnauthorized, "UNAUTHENTICATED",
	"Unauthorized: the request needs an OAuth access token and the header access_token_auth: true; server keys were shut down.")

// relate subscribes tokens to a topic, or ends their subscriptions.
func (s *Server) relate(on bool) handler {
	return func(_ *http.Request, body []byte) (any, error) {
		var request relation
		if err := json.Unmarshal(body, &request); err != nil {
			return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "The request body is not valid JSON: %v", err)
		}
		topic, ok := strings.CutPrefix(request.To, "/topics/")
		switch {
		case !ok || !isTopicName(topic):
			return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "InvalidTopicName")
		case len(request.Tokens) == 0:
			return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "MissingRegistrationTokens")
		case len(request.Tokens) > maxBatchTokens:
			return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "TooManyRegistrationTokens")
		}
		results, err := s.setSubscriptions(request.Tokens, topic, on)
		if err != nil {
			return nil, err
		}
		return map[string]any{"results": results}, nil
	}
}

// relateOne is relate for one token, which the path names.
func (s *Server) relateOne(on bool) handler {
	return func(r *http.Request, _ []byte) (any, error) {
		topic := r.PathValue("topic")
		if !isTopicName(topic) {
			return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "InvalidTopicName")
		}
		results, err := s.setSubscriptions([]string{r.PathValue("token")}, topic, on)
		if err != nil {
			return nil, err
		}
		switch reason := results[0].Error; reason {
		case "":
			return struct{}{}, nil
		case tokenNotFound:
			return nil, errNoInstance
		default:
			return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "%s", reason)
		}
	}
}

var errNoInstance = platformError(http.StatusNotFound, "NOT_FOUND", "No information found about this instance id.")

// setSubscriptions changes the subscriptions of several tokens at once: after a crash all of them have changed,
// or none.
func (s *Server) setSubscriptions(tokens []string, topic string, on bool) ([]relationResult, error) {
	return change(s, func() ([]relationResult, error) {
		results := make([]relationResult, len(tokens))
		changed := subscriptionRecord{Topic: topic, Time: s.clock.Now(), On: on}
		ofTopic := func(f *Fault) bool { return f.Token == "" && f.matchesSubscription("", topic) }
		if f := s.takeFault(s.projectOf(tokens), ofTopic); f != nil {
			return nil, f.failure()
		}
		for i, token := range tokens {
			results[i].Error = cmp.Or(s.tokenFault(token, topic), s.subscriptionError(token, topic, on))
			if results[i].Error != "" {
				continue
			}
			if s.setSubscription(s.devices[token], topic, on, changed.Time) {
				changed.Tokens = append(changed.Tokens, token)
			}
		}
		if len(changed.Tokens) > 0 {
			s.changes.Add(record{Subscription: &changed})
		}
		return results, nil
	})
}

// projectOf returns the project of the first token that is registered. The mutex is held.
func (s *Server) projectOf(tokens []string) string {
	for _, token := range tokens {
		if d := s.devices[token]; d != nil {
			return d.Project
		}
	}
	return ""
}

// tokenFault takes a fault of a token's subscription and returns its error, "" if there is none. The mutex is held.
func (s *Server) tokenFault(token, topic string) string {
	d := s.devices[token]
	if d == nil {
		return ""
	}
	f := s.takeFault(d.Project, func(f *Fault) bool { return f.Token != "" && f.matchesSubscription(token, topic) })
	switch {
	case f == nil:
		return ""
	case f.Code == Unregistered:
		return tokenNotFound
	}
	return string(f.Code)
}

// subscriptionError returns why a token's subscription cannot be changed, or "". The mutex is held.
func (s *Server) subscriptionError(token, topic string, on bool) string {
	d := s.devices[token]
	switch {
	case d == nil && s.isToken(token):
		return tokenNotFound
	case d == nil:
		return tokenInvalid
	}
	switch _, subscribed := d.topics[topic]; {
	case !on || subscribed:
		return ""
	case len(d.topics) >= maxTopics:
		return tokenTopics
	case s.bytes+subscriptionBytes(topic) > maxStateBytes:
		return tokenExhausted
	}
	return ""
}

// info describes a token.
func (s *Server) info(r *http.Request, _ []byte) (any, error) {
	token := r.PathValue("token")
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[token]
	switch {
	case d == nil && s.isToken(token):
		return nil, errNoInstance
	case d == nil:
		return nil, platformError(http.StatusBadRequest, "INVALID_ARGUMENT", "InvalidToken")
	}
	response := map[string]any{"authorizedEntity": d.Project, "platform": d.Platform, "scope": "*"}
	if d.App != "" {
		response["application"] = d.App
	}
	if details, err := queryFlag(r, "details"); err != nil {
		return nil, err
	} else if !details {
		return response, nil
	}
	topics := map[string]any{}
	for name, since := range d.topics {
		topics[name] = map[string]string{"addDate": since.UTC().Format(time.DateOnly)}
	}
	if len(topics) > 0 {
		response["rel"] = map[string]any{"topics": topics}
	}
	return response, nil
}

// importTokens explains batchImport.
func importTokens(*http.Request, []byte) (any, error) {
	return nil, notEmulated("The local cloud does not import APNs tokens: register the device instead.")
}
