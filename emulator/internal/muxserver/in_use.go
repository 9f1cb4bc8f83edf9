package muxserver

import (
	"errors"
	"syscall"
)

// wsaeaddrinuse is EADDRINUSE on Windows.
const wsaeaddrinuse = syscall.Errno(10048)

func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaeaddrinuse)
}
