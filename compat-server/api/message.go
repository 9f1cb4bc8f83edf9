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
	"strings"

	"github.com/labstack/echo/v4"
)

// Size limits of request bodies, in bytes. A lecture that fits the schema has at most about 110 kB;
// the margin allows for fields that are dropped.
const (
	maxBody    = 16 << 10
	maxLecture = 256 << 10
)

// body reads the whole request body.
func (c *call) body(maxBytes int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response().Writer, c.Request().Body, maxBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case err != nil:
		return nil, errBadRequest
	}
	return body, nil
}

// decode reads a JSON object from the body and returns its named fields, all of which must be
// strings. It ignores other fields. Errors do not quote the body, which may contain a password.
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
			return nil, errMalformedBody.withMessage(fmt.Sprintf("요청 본문은 %s 문자열이 들어 있는 JSON 객체여야 해요.", strings.Join(names, ", ")))
		}
		values[i] = *value
	}
	return values, nil
}

// respond sends a value as JSON.
func respond(c echo.Context, status int, value any) error {
	text, err := encode(value)
	if err != nil {
		return err
	}
	return respondJSON(c, status, text)
}

func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return nil, fmt.Errorf("encode the response: %w", err)
	}
	return text.Bytes(), nil
}

// respondJSON sends encoded JSON. The Content-Type must be exactly this: old apps compare the whole
// header.
func respondJSON(c echo.Context, status int, text []byte) error {
	c.Response().Header().Set("Content-Length", strconv.Itoa(len(text)))
	return c.Blob(status, echo.MIMEApplicationJSON, text)
}

// param returns an unescaped path parameter. Echo leaves all parameters escaped if any part of the
// path is escaped differently from Go's own escaping; such a path may also contain unescaped
// Korean.
func (c *call) param(name string) (string, error) {
	text := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return text, nil
	}
	text, err := url.PathUnescape(text)
	if err != nil {
		return "", errNotFound
	}
	return text, nil
}
