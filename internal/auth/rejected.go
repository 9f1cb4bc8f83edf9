package auth

import (
	"context"
	"errors"
	"time"

	"heek.kr/heektime/internal/burst"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/logline"
)

// manyRejected is how many logins an instance rejects before it logs that somebody tries many passwords. In
// registration week some dozens of users mistype their passwords in ten minutes, not hundreds. Attempts
// that several instances share are noticed later, but the limits, which they share, hold all the same.
var manyRejected = burst.Limit{Events: 300, Within: 10 * time.Minute, Quiet: time.Hour}

// countRejected counts a login that was rejected, because the password is wrong or there were too many
// attempts.
func (s *Service) countRejected(ctx context.Context, err error) {
	var tooMany *loginthrottle.TooManyError
	if !errors.Is(err, ErrWrong) && !errors.As(err, &tooMany) {
		return
	}
	if s.rejected.Add("", s.now()) {
		s.log.WarnContext(ctx, logline.SignInsRejected, "logins", manyRejected.Events, "within", manyRejected.Within.String())
	}
}
