package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// Bounds of bodies, in bytes. A lecture that fits the schema has at most some 110 kB; the rest is for fields that are dropped.
const (
	maxBody    = 16 << 10
	maxLecture = 256 << 10
)

// bodyTime is how long a body may take to arrive.
const bodyTime = 10 * time.Second

// body reads a request's whole body.
func (c *call) body(most int64) ([]byte, error) {
	// A caller that sends its body a byte a minute is as good as one that sends none. A recorder has no deadlines, and needs none.
	connection := http.NewResponseController(c.Response().Writer)
	_ = connection.SetReadDeadline(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(c.Response().Writer, c.Request().Body, most))
	_ = connection.SetReadDeadline(time.Time{})
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case err != nil:
		return nil, errRequest
	}
	return body, nil
}

// decode reads a body that is a JSON object of texts, all of which must be there. Other fields are ignored. Errors quote nothing
// of the body: it may hold a password.
func (c *call) decode(names ...string) ([]string, error) {
	body, err := c.body(maxBody)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	malformed := json.Unmarshal(body, &fields) != nil
	values := make([]string, len(names))
	for i, name := range names {
		var value *string
		malformed = malformed || json.Unmarshal(fields[name], &value) != nil || value == nil
		if malformed {
			return nil, errBody.saying(fmt.Sprintf("요청 본문은 %s 문자 값이 있는 JSON 객체여야 합니다.", list(names)))
		}
		values[i] = *value
	}
	return values, nil
}

func list(names []string) string {
	var text bytes.Buffer
	for i, name := range names {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(name)
	}
	return text.String()
}

// answer sends JSON.
func answer(c echo.Context, status int, value any) error {
	text, err := encode(value)
	if err != nil {
		return err
	}
	return answerText(c, status, text)
}

func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	return text.Bytes(), nil
}

// answerText sends JSON that is encoded. The Content-Type is exactly this: old apps compare the whole of it.
func answerText(c echo.Context, status int, text []byte) error {
	c.Response().Header().Set("Content-Length", strconv.Itoa(len(text)))
	return c.Blob(status, echo.MIMEApplicationJSON, text)
}

// param is a part of the path as the client means it. Echo leaves it escaped when anything in the path is escaped in another way
// than Go would, and there may be plain Korean in it as well.
func (c *call) param(name string) (string, error) {
	text := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return text, nil
	}
	text, err := url.PathUnescape(text)
	if err != nil {
		return "", errNoCall
	}
	return text, nil
}
