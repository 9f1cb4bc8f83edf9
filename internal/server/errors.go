package server

import (
	"log/slog"
	"net/http"
	"time"

	"heek.kr/heektime/internal/burst"
	"heek.kr/heektime/internal/logline"
)

// manyErrors is how many requests have to fail before the service logs that many do. A single error may be
// a caller's bad luck; five within ten minutes are a defect or an outage.
var manyErrors = burst.Limit{Events: 5, Within: 10 * time.Minute, Quiet: time.Hour}

// ReportErrors logs a line when many requests end with an error of the server within a short time, which
// is a status of 500 or above or a panic. An alert matches the line. Cloud Run counts errors, too, but
// Cloud Monitoring bills each condition that evaluates such a metric. What the process does not see, such
// as its own crash, is in Cloud Run's lines, which the alert matches as well.
//
// Requests do not count if their clients are gone, because nobody saw the error, or if they end with 503
// although retryOn503 is set: see [Service.RetryOn503].
func ReportErrors(next http.Handler, log *slog.Logger, retryOn503 bool, now func() time.Time) http.Handler {
	errors := burst.New(manyErrors)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record(next, w, r, func(status int) {
			switch {
			case status < http.StatusInternalServerError, r.Context().Err() != nil:
			case status == http.StatusServiceUnavailable && retryOn503:
			case errors.Add("", now()):
				log.ErrorContext(r.Context(), logline.ServerErrors, "requests", manyErrors.Events, "within", manyErrors.Within.String(),
					"lastMethod", r.Method, "lastPath", r.URL.Path, "lastStatus", status)
			}
		})
	})
}
