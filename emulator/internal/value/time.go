package value

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Micros is a time in microseconds since 1970, Firestore's precision.
type Micros int64

// The first and last time that Firestore can store: the start of year 1 and the end of year 9999.
const (
	MinTime Micros = -62135596800 * 1e6
	MaxTime Micros = 253402300800*1e6 - 1
)

// MicrosOf truncates t to microseconds, towards the past as the server does.
func MicrosOf(t time.Time) Micros { return MicrosOfParts(t.Unix(), int64(t.Nanosecond())) }

// MicrosOfParts converts seconds since 1970 plus 0 to 999,999,999 nanoseconds, truncated to
// microseconds.
func MicrosOfParts(seconds, nanos int64) Micros { return Micros(seconds*1e6 + nanos/1000) }

// Truncate returns m truncated to milliseconds, towards the past. Server timestamps have this
// precision.
func (m Micros) Truncate() Micros {
	rest := m % 1000
	if rest < 0 {
		rest += 1000
	}
	return m - rest
}

// Time returns m as a time in UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Parts returns m as whole seconds since 1970, rounded down, and the remaining nanoseconds.
func (m Micros) Parts() (seconds int64, nanos int32) {
	seconds = int64(m) / 1e6
	rest := int64(m) % 1e6
	if rest < 0 {
		seconds, rest = seconds-1, rest+1e6
	}
	return seconds, int32(rest * 1000)
}

// Proto returns m as a protocol buffer.
func (m Micros) Proto() *timestamppb.Timestamp {
	s, n := m.Parts()
	return &timestamppb.Timestamp{Seconds: s, Nanos: n}
}
