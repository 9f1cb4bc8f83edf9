package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// authCall makes a call of Authentication's REST API as a server with all rights, without a connection.
func (c *Console) authCall(ctx context.Context, project, method string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("call Authentication: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("call Authentication: %w", err)
	}
	r.URL.Path = "/identitytoolkit.googleapis.com/v1/projects/" + project + "/accounts" + method
	r.Header.Set("Authorization", "Bearer owner")
	r.Header.Set("Content-Type", "application/json")
	var answer memory
	c.Auth.ServeHTTP(&answer, r)
	if answer.code < 400 {
		return nil
	}
	var failed struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.body.Bytes(), &failed); err != nil || failed.Error.Message == "" {
		return fmt.Errorf("call Authentication: status %d", answer.code)
	}
	return &failure{answer.code, failed.Error.Message}
}

// memory keeps an answer.
type memory struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (m *memory) Header() http.Header {
	if m.header == nil {
		m.header = http.Header{}
	}
	return m.header
}

func (m *memory) WriteHeader(code int) {
	if m.code == 0 {
		m.code = code
	}
}

func (m *memory) Write(b []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return m.body.Write(b)
}
