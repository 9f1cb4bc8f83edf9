package auth

import (
	"encoding/json"
	"slices"
	"sync"
)

// The answer of a redirection goes by the server. The official emulator's page leaves it in the tab's storage, which browsers
// keep from the SDK's frame if the hosts of the app and the emulator have different names, such as localhost and 127.0.0.1.
const (
	maxRedirects     = 100
	maxRedirectBytes = 64 << 10
)

// redirectKey is the app that an answer is for.
type redirectKey struct {
	App    string `json:"app"`    // API key and name
	Origin string `json:"origin"` // of its page
}

// redirects are the answers that were not fetched yet, the oldest first.
type redirects struct {
	mu     sync.Mutex
	keys   []redirectKey
	events map[redirectKey]json.RawMessage
}

// put keeps an answer, in the place of an earlier one for the same app.
func (r *redirects) put(key redirectKey, event json.RawMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(key)
	if len(r.keys) == maxRedirects {
		r.remove(r.keys[0])
	}
	if r.events == nil {
		r.events = map[redirectKey]json.RawMessage{}
	}
	r.keys = append(r.keys, key)
	r.events[key] = event
}

// take returns an app's answer once, and nil if there is none.
func (r *redirects) take(key redirectKey) json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	event := r.events[key]
	r.remove(key)
	return event
}

func (r *redirects) remove(key redirectKey) {
	delete(r.events, key)
	r.keys = slices.DeleteFunc(r.keys, func(k redirectKey) bool { return k == key })
}

// redirectEvent keeps an answer for an app, or without one, returns what is kept.
func (s *Server) redirectEvent(c *call) (any, error) {
	var req struct {
		redirectKey
		Event json.RawMessage `json:"event"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	switch {
	case len(req.App)+len(req.Origin)+len(req.Event) > maxRedirectBytes:
		return nil, errTooLarge
	case req.Event != nil:
		s.redirects.put(req.redirectKey, req.Event)
		return struct{}{}, nil
	}
	return map[string]any{"event": s.redirects.take(req.redirectKey)}, nil
}
