package messaging

import "time"

// Fault makes requests fail. The zero value of a condition holds for every request.
type Fault struct {
	// Code is what the request fails with.
	Code ErrorCode `json:"code"`
	// RetryAfter is the response's Retry-After header; none when 0.
	RetryAfter time.Duration `json:"-"`
	// Times is how many requests fail; 0 makes all of them fail.
	Times int `json:"times"`
	// Delivered delivers the message all the same: only the response fails. A sender that tries again sends
	// it twice.
	Delivered bool `json:"delivered"`

	// Project, Token and Topic are what the request is about.
	Project string `json:"project"`
	Token   string `json:"token"`
	Topic   string `json:"topic"`
	// Subscriptions makes requests that change subscriptions fail, instead of messages.
	Subscriptions bool `json:"subscriptions"`

	used int
}

// Inject makes later requests fail. Earlier faults come first.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := failures[f.Code]; !known {
		f.Code = Internal
	}
	f.used = 0
	s.faults = append(s.faults, &f)
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault returns the first fault of a project that matches, or nil, and counts it. The mutex is held.
func (s *Server) takeFault(project string, matches func(*Fault) bool) *Fault {
	for i, f := range s.faults {
		if f.Project != "" && f.Project != project || !matches(f) {
			continue
		}
		f.used++
		if f.Times > 0 && f.used >= f.Times {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}

// matchesMessage reports whether the fault is about a message.
func (f *Fault) matchesMessage(m *Message) bool {
	return !f.Subscriptions && (f.Token == "" || f.Token == m.Token) && (f.Topic == "" || f.Topic == m.Topic)
}

// matchesSubscription reports whether the fault is about a token's subscription to a topic.
func (f *Fault) matchesSubscription(token, topic string) bool {
	return f.Subscriptions && (f.Token == "" || f.Token == token) && (f.Topic == "" || f.Topic == topic)
}

// failure returns the error response.
func (f *Fault) failure() *apiError {
	e := failure(f.Code)
	e.retryAfter = f.RetryAfter
	return e
}
