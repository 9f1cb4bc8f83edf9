package guard

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/emulatorauth"
)

// Caller is who makes a request. The zero Caller is not signed in.
type Caller = emulatorauth.Caller

// unauthenticated returns the error for a caller with invalid credentials, nil for any other.
func unauthenticated(who Caller) error {
	if who.Err == nil {
		return nil
	}
	return status.Errorf(codes.Unauthenticated, "Request had invalid authentication credentials: %v.", who.Err)
}
