package emulatortest

import "google.golang.org/grpc"

// Watch returns the stream with its responses counted.
func (m *Meter) Watch(s grpc.ClientStream) grpc.ClientStream {
	return &meteredStream{ClientStream: s, meter: m}
}
