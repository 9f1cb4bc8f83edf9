package identity

import (
	"sync"
	"time"
)

const (
	// reusedFor is how long a token is returned again. A signature takes a millisecond of processor, and triggers ask
	// for a token with each event.
	reusedFor = tokenLifetime / 2
	// maxIssued is how many tokens are kept: far more than a project has pairs of service account and audience.
	maxIssued = 1000
)

// issued are the tokens that were signed lately. The zero value has none.
type issued struct {
	mu     sync.Mutex
	tokens map[issuedFor]issuedToken
}

type issuedFor struct{ email, audience string }

type issuedToken struct {
	token string
	at    time.Time
}

// token returns a token that is valid at now, for at least half of its lifetime.
func (i *issued) token(email, audience string, now time.Time) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	who := issuedFor{email, audience}
	if t, ok := i.tokens[who]; ok && !now.Before(t.at) && now.Before(t.at.Add(reusedFor)) {
		return t.token, nil
	}
	token, err := sign(email, audience, now)
	if err != nil {
		return "", err
	}
	if i.tokens == nil || len(i.tokens) >= maxIssued {
		i.tokens = map[issuedFor]issuedToken{}
	}
	i.tokens[who] = issuedToken{token, now}
	return token, nil
}
