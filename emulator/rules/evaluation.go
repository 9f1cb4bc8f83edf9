package rules

import (
	"context"
	"log/slog"
)

// NewEvaluation returns what a [RequestLog] records of a request and the decision on it.
func NewEvaluation(req *Request, d Decision) Evaluation {
	e := Evaluation{
		Time: req.Time, Method: req.Method, Path: req.Path,
		Allowed: d.Allowed, Granted: d.Granted, Denial: d.Denial, Err: d.Err,
		Calls: d.Calls, Expressions: d.Expressions,
	}
	if req.Auth != nil {
		e.UID = req.Auth.UID
	}
	return e
}

// LogTo logs why the rules denied the request, or why they could not be evaluated. It logs nothing
// about an allowed request.
func (e Evaluation) LogTo(ctx context.Context, logger *slog.Logger) {
	request := []any{"method", e.Method.String(), "path", e.Path, "uid", e.UID}
	switch {
	case e.Err != nil:
		logger.ErrorContext(ctx, "security rules could not be evaluated", append(request, "error", e.Err)...)
	case e.Denial != nil:
		logger.InfoContext(ctx, "security rules denied a request", append(request, "why", e.Denial.String())...)
	}
}
