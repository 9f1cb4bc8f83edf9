package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"heek.kr/heektime/internal/deployment/spec"
)

// HealthCheck checks a revision through its URL. GET /health is the one request that every service answers
// without doing anything: it responds once the service has read its settings and listens.
type HealthCheck struct {
	// Client makes the requests, one at a time; it does not need to follow redirects.
	Client *http.Client
	// Token returns an identity token with which a service that is not public can be called. If it is nil,
	// as in the local cloud, only the start of its revision has shown that such a service is healthy.
	Token func(ctx context.Context, s *spec.Service, audience string) (string, error)
}

// Check is a [Config.Check]. A service that is not public must also reject a call without a token.
func (h *HealthCheck) Check(ctx context.Context, s *spec.Service, uri, audience string) error {
	if s.Public {
		return h.healthy(ctx, uri, "")
	}
	code, _, err := h.get(ctx, uri, "")
	if err != nil {
		return err
	}
	rejected := code == http.StatusUnauthorized || code == http.StatusForbidden
	if h.Token == nil && rejected {
		return nil
	}
	if h.Token == nil {
		return h.healthy(ctx, uri, "")
	}
	if !rejected {
		return fmt.Errorf("GET /health without a token: status %d, want 401 or 403: the service is open to anyone, or its address is not known yet", code)
	}
	token, err := h.Token(ctx, s, audience)
	if err != nil {
		return err
	}
	return h.healthy(ctx, uri, token)
}

// healthy requires the response of a healthy service of ours: other images, such as Google's placeholder,
// respond to every path.
func (h *HealthCheck) healthy(ctx context.Context, uri, token string) error {
	code, body, err := h.get(ctx, uri, token)
	if err != nil {
		return err
	}
	var health struct{ Status string }
	if code != http.StatusOK {
		return fmt.Errorf("GET /health: status %d: %.200s", code, body)
	}
	if json.Unmarshal(body, &health) != nil || health.Status != "ok" {
		return errors.New("GET /health is not answered as by our services: is the image another program?")
	}
	return nil
}

func (h *HealthCheck) get(ctx context.Context, uri, token string) (code int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, uri+"/health", nil)
	if err != nil {
		return 0, nil, fmt.Errorf("check %s: %w", uri, err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := h.Client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("check: %w", err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return 0, nil, fmt.Errorf("check %s: %w", uri, err)
	}
	return response.StatusCode, body, nil
}
