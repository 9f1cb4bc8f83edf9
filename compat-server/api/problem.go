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
	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/schema"
)

// problem is an error response: an HTTP status, a code for the client and a message for its user.
type problem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	// retryAfter is when the client should retry, or 0 if retrying does not help.
	retryAfter time.Duration
	// cause is logged; nil if the code is sufficient.
	cause error
}

func (p *problem) Error() string {
	if p.cause != nil {
		return p.cause.Error()
	}
	return p.Code + " " + p.Message
}

// The error codes. AT003, AL001 and AL002 are hard-coded in old apps and must not change. For all
// other codes the apps show the message.
var (
	errNoToken      = &problem{status: 401, Code: "AT001", Message: "로그인이 필요해요."}
	errBadToken     = &problem{status: 401, Code: "AT002", Message: "로그인 정보가 올바르지 않아요. 다시 로그인해 주세요."}
	errTokenExpired = &problem{status: 401, Code: "AT003", Message: "로그인이 만료됐어요."}

	errWrongPassword   = &problem{status: 401, Code: "AL001", Message: "아이디 또는 비밀번호가 올바르지 않아요."}
	errRefreshRejected = &problem{status: 401, Code: "AL002", Message: "로그인이 만료됐어요. 다시 로그인해 주세요."}
	errPendingDeletion = &problem{status: 403, Code: "AL003", Message: "삭제 예정인 계정이에요. 복구하려면 새 앱에서 로그인해 주세요."}
	errBlocked         = &problem{status: 403, Code: "AL004", Message: "이용이 제한된 계정이에요."}

	errUsername = &problem{status: 400, Code: "US001", Message: fmt.Sprintf(
		"사용할 수 없는 아이디예요. 아이디는 공백과 특수문자 없이 %d자 이상 %d자 이하여야 해요.", schema.MinUsername, schema.MaxUsername)}
	errUsernameTaken = &problem{status: 409, Code: "US002", Message: "이미 사용 중인 아이디예요."}
	errPassword      = &problem{status: 400, Code: "US003", Message: fmt.Sprintf("비밀번호는 %d자 이상이어야 해요.", account.MinPassword)}
	errName          = &problem{status: 400, Code: "US004", Message: fmt.Sprintf("이름은 %d자 이상 %d자 이하여야 해요.", account.MinName, account.MaxName)}
	errNoUser        = &problem{status: 404, Code: "US005", Message: "사용자를 찾을 수 없어요."}

	errNoSemester = &problem{status: 404, Code: "SM001", Message: "학기를 찾을 수 없어요."}
	errNoList     = &problem{status: 404, Code: "SM002", Message: "이 학기의 강의 목록은 아직 없어요."}

	errNoTimetable = &problem{status: 404, Code: "TT001", Message: "시간표를 찾을 수 없어요."}
	errTimetable   = &problem{status: 400, Code: "TT002"} // the message names the invalid field
	errNoLecture   = &problem{status: 404, Code: "LC001", Message: "시간표에 없는 강의예요. 이미 삭제됐을 수 있어요."}
	errLecture     = &problem{status: 400, Code: "LC002"} // the message names the invalid field

	errMalformedBody    = &problem{status: 400, Code: "RQ001"} // the message names the required fields
	errTooLarge         = &problem{status: 413, Code: "RQ002", Message: "요청이 너무 커요."}
	errNotFound         = &problem{status: 404, Code: "RQ003", Message: "주소를 찾을 수 없어요."}
	errMethodNotAllowed = &problem{status: 405, Code: "RQ004", Message: "이 주소에서는 지원하지 않는 요청이에요."}
	errTooMany          = &problem{status: 429, Code: "RQ005", Message: "요청이 너무 많아요. 잠시 후 다시 시도해 주세요."}
	errBadRequest       = &problem{status: 400, Code: "RQ006", Message: "잘못된 요청이에요."}

	errInternal    = &problem{status: 500, Code: "SV001", Message: "서버에 문제가 생겼어요."}
	errUnavailable = &problem{status: 503, Code: "SV002", Message: "지금은 처리할 수 없어요. 잠시 후 다시 시도해 주세요.", retryAfter: 5 * time.Second}
	errMoving      = errUnavailable.withRetryAfter(time.Second)
	errUnreachable = &problem{status: 502, Code: "SV003", Message: "서버에 연결할 수 없어요. 잠시 후 다시 시도해 주세요.", retryAfter: 5 * time.Second}
	errTimeout     = &problem{status: 504, Code: "SV004", Message: "서버가 응답하지 않아요. 잠시 후 다시 시도해 주세요."}
	// errUnknownOutcome does not say when to try again: that could make something twice.
	errUnknownOutcome = &problem{status: 502, Code: "SV005", Message: "요청이 처리됐는지 확인하지 못했어요. 화면을 새로고침해 확인해 주세요."}
)

// errStopped is the response to writes while an operator has stopped them; the message is the operator's. The
// status is not 503: nothing is broken, and an alert counts failures.
var errStopped = &problem{status: 403, Code: "SV006"}

// withMessage returns a copy of the problem with a message.
func (p problem) withMessage(message string) *problem {
	p.Message = message
	return &p
}

// withCause returns a copy of the problem with an error to log.
func (p problem) withCause(err error) *problem {
	p.cause = err
	return &p
}

// withRetryAfter returns a copy of the problem with a time to wait, at least one second.
func (p problem) withRetryAfter(wait time.Duration) *problem {
	p.retryAfter = max(wait, time.Second)
	return &p
}

// problems maps the errors of other packages to problems. All other errors are internal.
var problems = []struct {
	err     error
	problem *problem
}{
	{token.ErrExpired, errTokenExpired},
	{token.ErrInvalid, errBadToken},
	// The client then tries to refresh the token, is rejected, and asks its user to sign in.
	{account.ErrRevoked, errTokenExpired},
	{auth.ErrWrong, errWrongPassword},
	{account.ErrUsername, errUsername},
	{account.ErrPassword, errPassword},
	{account.ErrName, errName},
	{account.ErrTaken, errUsernameTaken},
	{account.ErrNoUser, errNoUser},
	{account.ErrPendingDeletion, errPendingDeletion},
	{account.ErrBlocked, errBlocked},
	{timetable.ErrNoTimetable, errNoTimetable},
	{timetable.ErrNoLecture, errNoLecture},
	{auth.ErrUnavailable, errUnavailable},
	{passthrough.ErrState, errUnavailable},
	{passthrough.ErrHeld, errMoving},
	{passthrough.ErrUnknownOutcome, errUnknownOutcome},
	{passthrough.ErrUnreachable, errUnreachable},
	{passthrough.ErrTimeout, errTimeout},
	{passthrough.ErrBadPath, errBadRequest},
	{passthrough.ErrBadBody, errBadRequest},
}

// toProblem converts an error to the problem to respond with.
func toProblem(err error) *problem {
	var p *problem
	var tooMany *loginthrottle.TooManyError
	var stopped *auth.StoppedError
	var http *echo.HTTPError
	switch {
	case errors.As(err, &stopped):
		return errStopped.withMessage(stopped.Message)
	case errors.As(err, &p):
		return p
	case errors.As(err, &tooMany):
		return errTooMany.withRetryAfter(tooMany.Wait)
	case errors.As(err, &http):
		return fromEcho(http)
	}
	for _, k := range problems {
		if errors.Is(err, k.err) {
			return k.problem
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

// fromEcho converts an error of the echo framework.
func fromEcho(err *echo.HTTPError) *problem {
	switch {
	case err.Code == http.StatusNotFound:
		return errNotFound
	case err.Code == http.StatusMethodNotAllowed:
		return errMethodNotAllowed
	case err.Code == http.StatusRequestEntityTooLarge:
		return errTooLarge
	case err.Code < http.StatusInternalServerError:
		return errBadRequest
	}
	return errInternal
}

// fail responds with an error. It is echo's error handler.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := toProblem(err)
	if p.retryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if ctx := c.Request().Context(); p.status >= http.StatusInternalServerError && !errors.Is(ctx.Err(), context.Canceled) {
		s.log.ErrorContext(ctx, "call failed", "call", c.Path(), "code", p.Code, "error", err.Error())
	}
	respond(c, p.status, p) // ignore write errors: the client is gone
}
