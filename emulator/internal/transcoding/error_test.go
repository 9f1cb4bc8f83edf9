package transcoding_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/transcoding"
)

func TestError(t *testing.T) {
	for c := codes.OK + 1; c <= codes.Unauthenticated; c++ {
		httpStatus, body := transcoding.MarshalError(status.Error(c, ""))
		var got struct {
			Error struct {
				Code            int
				Message, Status string
			}
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if httpStatus < 400 || got.Error.Code != httpStatus || got.Error.Message == "" || got.Error.Status == "" {
			t.Errorf("%v: %d %s", c, httpStatus, body)
		}
	}
	if httpStatus, body := transcoding.MarshalError(errors.New("oh")); httpStatus != 500 || !strings.Contains(string(body), `"status":"UNKNOWN"`) {
		t.Errorf("error without a status: %d %s", httpStatus, body)
	}
}
