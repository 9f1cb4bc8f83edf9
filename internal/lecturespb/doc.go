// Package lecturespb is the gRPC contract of the course service, generated from lectures.proto.
package lecturespb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative lectures.proto
