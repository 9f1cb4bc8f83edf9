package guard

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/emulatorauth"
)

// Caller is who makes a request. The zero Caller is somebody who is not signed in.
type Caller = emulatorauth.Caller

// Callers reads Authorization headers, "Bearer" and a token.
type Callers = emulatorauth.Authenticator

// unauthenticated is the error of a caller whose credentials make no sense, nil for all others.
func unauthenticated(who Caller) error {
	if who.Err == nil {
		return nil
	}
	return status.Errorf(codes.Unauthenticated, "Request had invalid authentication credentials: %v.", who.Err)
}
