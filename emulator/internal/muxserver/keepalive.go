package muxserver

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// minPing is the shortest interval at which a client may ping. No client pings that often: it is a bound for
// what a stuck one costs.
const minPing = 100 * time.Millisecond

// AllowPings is an option for every gRPC server. Clients may ping at short intervals, also without a call, as
// they may in production. gRPC's own limit is five minutes; it would close the connection of an SDK for iOS,
// which pings every few seconds, with too_many_pings
// (https://github.com/firebase/firebase-tools/issues/11238).
func AllowPings() grpc.ServerOption {
	return grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true})
}
