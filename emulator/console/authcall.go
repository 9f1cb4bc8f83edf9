package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// callAuth calls a method of Authentication's REST API with a server's rights, without a connection.
func (c *Console) callAuth(ctx context.Context, project, method string, body any) error {
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
	var resp responseRecorder
	c.Auth.ServeHTTP(&resp, r)
	if resp.status < 400 {
		return nil
	}
	var failed struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(resp.body.Bytes(), &failed); err != nil || failed.Error.Message == "" {
		return fmt.Errorf("call Authentication: status %d", resp.status)
	}
	return newAuthError(resp.status, failed.Error.Message)
}

// responseRecorder is an [http.ResponseWriter] that keeps the response in memory.
type responseRecorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *responseRecorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

func (r *responseRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *responseRecorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
