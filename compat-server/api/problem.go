package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/compat-server/account"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/schema"
)

// problem is an error as a client gets it: a status, a code that drives the client, and a message that it shows.
type problem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	// wait is when to try again, 0 when that does not help.
	wait time.Duration
	// cause is for the log; nil when the code says it all.
	cause error
}

func (p *problem) Error() string {
	if p.cause != nil {
		return p.cause.Error()
	}
	return p.Code + " " + p.Message
}

// The codes. Old apps know AT003, AL001 and AL002: they must stay as they are. Of the others they show the message.
var (
	errNoToken      = &problem{status: 401, Code: "AT001", Message: "로그인이 필요합니다."}
	errBadToken     = &problem{status: 401, Code: "AT002", Message: "로그인 정보가 올바르지 않습니다. 다시 로그인해 주세요."}
	errTokenExpired = &problem{status: 401, Code: "AT003", Message: "로그인이 만료되었습니다."}

	errWrongPassword  = &problem{status: 401, Code: "AL001", Message: "아이디 또는 비밀번호가 올바르지 않습니다."}
	errRefreshRefused = &problem{status: 401, Code: "AL002", Message: "로그인이 만료되었습니다. 다시 로그인해 주세요."}
	errLeaving        = &problem{status: 403, Code: "AL003", Message: "삭제를 앞둔 계정입니다. 되살리려면 새 앱에서 로그인해 주세요."}

	errUsername = &problem{status: 400, Code: "US001", Message: fmt.Sprintf(
		"쓸 수 없는 아이디입니다. 아이디는 빈칸과 특수 기호 없이 %d자 이상 %d자 이하여야 합니다.", schema.MinUsername, schema.MaxUsername)}
	errUsernameTaken = &problem{status: 409, Code: "US002", Message: "이미 사용 중인 아이디입니다."}
	errPassword      = &problem{status: 400, Code: "US003", Message: fmt.Sprintf("비밀번호는 %d자 이상이어야 합니다.", account.MinPassword)}
	errName          = &problem{status: 400, Code: "US004", Message: fmt.Sprintf("이름은 %d자 이상 %d자 이하여야 합니다.", account.MinName, account.MaxName)}
	errNoUser        = &problem{status: 404, Code: "US005", Message: "없는 사용자입니다."}

	errNoSemester = &problem{status: 404, Code: "SM001", Message: "없는 학기입니다."}
	errNoList     = &problem{status: 404, Code: "SM002", Message: "이 학기의 강의 목록은 아직 없습니다."}

	errNoTimetable = &problem{status: 404, Code: "TT001", Message: "없는 시간표입니다."}
	errTimetable   = &problem{status: 400, Code: "TT002"} // its message says what is wrong
	errNoLecture   = &problem{status: 404, Code: "LC001", Message: "시간표에 없는 강의입니다. 이미 삭제되었을 수 있습니다."}
	errLecture     = &problem{status: 400, Code: "LC002"} // its message says what is wrong

	errBody     = &problem{status: 400, Code: "RQ001"} // its message says what is wanted
	errTooLarge = &problem{status: 413, Code: "RQ002", Message: "요청이 너무 큽니다."}
	errNoCall   = &problem{status: 404, Code: "RQ003", Message: "없는 주소입니다."}
	errMethod   = &problem{status: 405, Code: "RQ004", Message: "이 주소에서 쓸 수 없는 요청입니다."}
	errTooMany  = &problem{status: 429, Code: "RQ005", Message: "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요."}
	errRequest  = &problem{status: 400, Code: "RQ006", Message: "잘못된 요청입니다."}

	errInternal    = &problem{status: 500, Code: "SV001", Message: "서버에 문제가 생겼습니다."}
	errUnavailable = &problem{status: 503, Code: "SV002", Message: "지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.", wait: 5 * time.Second}
)

// saying is the problem with another message.
func (p problem) saying(message string) *problem {
	p.Message = message
	return &p
}

// because is the problem with what is logged of it.
func (p problem) because(err error) *problem {
	p.cause = err
	return &p
}

// after is the problem with the time to wait.
func (p problem) after(wait time.Duration) *problem {
	p.wait = max(wait, time.Second)
	return &p
}

// known are the errors of packages that clients may learn of.
var known = []struct {
	err    error
	answer *problem
}{
	{token.ErrExpired, errTokenExpired},
	{token.ErrInvalid, errBadToken},
	// The client asks for a new access token then, is refused, and lets its user sign in.
	{account.ErrRevoked, errTokenExpired},
	{auth.ErrWrong, errWrongPassword},
	{account.ErrUsername, errUsername},
	{account.ErrPassword, errPassword},
	{account.ErrName, errName},
	{account.ErrTaken, errUsernameTaken},
	{account.ErrNoUser, errNoUser},
	{account.ErrLeaving, errLeaving},
	{timetable.ErrNoTimetable, errNoTimetable},
	{timetable.ErrNoLecture, errNoLecture},
	{auth.ErrUnavailable, errUnavailable},
}

// toProblem is how an error is answered.
func toProblem(err error) *problem {
	var p *problem
	var tooMany *loginthrottle.TooManyError
	var http *echo.HTTPError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &tooMany):
		return errTooMany.after(tooMany.Wait)
	case errors.As(err, &http):
		return ofEcho(http)
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return k.answer
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errUnavailable
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted, codes.Canceled:
		return errUnavailable
	}
	return errInternal
}

func ofEcho(err *echo.HTTPError) *problem {
	switch {
	case err.Code == http.StatusNotFound:
		return errNoCall
	case err.Code == http.StatusMethodNotAllowed:
		return errMethod
	case err.Code == http.StatusRequestEntityTooLarge:
		return errTooLarge
	case err.Code < http.StatusInternalServerError:
		return errRequest
	}
	return errInternal
}

// fail answers an error; it is echo's error handler.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := toProblem(err)
	if p.wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.wait.Seconds()))))
	}
	if ctx := c.Request().Context(); p.status >= http.StatusInternalServerError && !errors.Is(ctx.Err(), context.Canceled) {
		s.log.ErrorContext(ctx, "call failed", "call", c.Path(), "code", p.Code, "error", err.Error())
	}
	answer(c, p.status, p) // a caller that has gone cannot be told
}
