package rules

import "log/slog"

// Warning is the message of what [Log] logs.
const Warning = "security rules"

// Log logs the warnings of [Compile]. What makes requests fail that the author meant to allow is a warning in the log,
// too. The rest, such as rules that allow everyone something, may be on purpose, and is only information.
func Log(log *slog.Logger, issues []Issue, attrs ...any) {
	for _, i := range issues {
		where := append([]any{"issue", i.String()}, attrs...)
		if i.IsMistake() {
			log.Warn(Warning, where...)
		} else {
			log.Info(Warning, where...)
		}
	}
}

// IsMistake reports whether nobody writes such rules on purpose.
func (i Issue) IsMistake() bool {
	switch i.Code {
	case "unknown-variable", "unknown-function", "type", "unreachable-match":
		return true
	}
	return false
}
