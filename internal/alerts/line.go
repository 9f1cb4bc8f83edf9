package alerts

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/deployment/spec"
)

// Line is a log line: the fields of its JSON object.
type Line map[string]any

// ParseLine reads a line that a service logged with package logging, or that stands for one of Cloud Run's.
func ParseLine(text []byte) (Line, error) {
	var l Line
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, fmt.Errorf("read a log line: %w", err)
	}
	return l, nil
}

// field returns a field as text; ok is false if the line has no such field.
func (l Line) field(name string) (text string, ok bool) {
	var value any = map[string]any(l)
	for _, part := range strings.Split(name, ".") {
		object, isObject := value.(map[string]any)
		if !isObject {
			return "", false
		}
		if value, ok = object[part]; !ok {
			return "", false
		}
	}
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false // objects, lists and null have no text
}

// log returns the log that the line is from.
func (l Line) log() spec.Log {
	if _, ok := l["httpRequest"]; ok {
		return spec.RequestLog
	}
	if _, ok := l[spec.FieldText]; ok {
		return spec.SystemLog
	}
	return spec.ServiceLog
}

// matches reports whether the line is one that a condition is about.
func (l Line) matches(want *spec.Lines) bool {
	if l.log() != want.Log {
		return false
	}
	service, isService := l.field(spec.FieldService)
	if !isService || len(want.Services) > 0 && !slices.Contains(want.Services, service) {
		return false
	}
	message, _ := l.field("message")
	if len(want.Messages) > 0 && !slices.Contains(want.Messages, message) {
		return false
	}
	for i := range want.Where {
		if !l.satisfies(&want.Where[i]) {
			return false
		}
	}
	return true
}

// satisfies evaluates a comparison as Cloud Logging does, where every comparison with a missing field is
// false.
//
// Source: https://cloud.google.com/logging/docs/view/logging-query-language#comparisons-missing-fields
func (l Line) satisfies(c *spec.Comparison) bool {
	have, ok := l.field(c.Field)
	if !ok {
		return false
	}
	switch c.Op {
	case spec.Equals:
		return slices.Contains(c.Values, have)
	case spec.NotEquals:
		return have != c.Values[0]
	case spec.AtLeast:
		n, err := strconv.ParseFloat(have, 64)
		least, _ := strconv.ParseFloat(c.Values[0], 64) // Validate checks that it is a number
		return err == nil && n >= least
	case spec.Matches:
		found, err := regexp.MatchString(c.Values[0], have)
		return err == nil && found
	}
	return false
}
