package run_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	gcrun "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/run"
)

const (
	parent  = "projects/demo-test/locations/asia-northeast3"
	service = parent + "/services/courses"

	latest     = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
	byRevision = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
)

// cloud is a Cloud Run on ports of its own, with Google's clients.
type cloud struct {
	t         *testing.T
	server    *run.Server
	services  *gcrun.ServicesClient
	revisions *gcrun.RevisionsClient
	rest      string // base URL of the REST API
}

func start(t *testing.T, cfg run.Config) *cloud {
	t.Helper()
	cfg.Clock = clock.New()
	server, err := run.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	server.Register(g)
	go func() { _ = g.Serve(l) }()
	t.Cleanup(g.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{t: t, server: server}
	if c.services, err = gcrun.NewServicesClient(t.Context(), option.WithGRPCConn(conn)); err != nil {
		t.Fatal(err)
	}
	if c.revisions, err = gcrun.NewRevisionsClient(t.Context(), option.WithGRPCConn(conn)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	mux := http.NewServeMux()
	for _, pattern := range run.Patterns {
		mux.Handle(pattern, server.Handler())
	}
	rest := httptest.NewServer(mux)
	t.Cleanup(rest.Close)
	c.rest = rest.URL
	return c
}

func template(image string) *runpb.RevisionTemplate {
	return &runpb.RevisionTemplate{Containers: []*runpb.Container{{Image: image, Env: []*runpb.EnvVar{
		{Name: "LEVEL", Values: &runpb.EnvVar_Value{Value: "info"}},
	}}}}
}

// create creates the service with an image.
func (c *cloud) create(image string) *runpb.Service {
	c.t.Helper()
	op, err := c.services.CreateService(c.t.Context(), &runpb.CreateServiceRequest{
		Parent: parent, ServiceId: "courses", Service: &runpb.Service{Template: template(image)},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	made, err := op.Wait(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return made
}

// update changes fields of the service.
func (c *cloud) update(pb *runpb.Service, paths ...string) (*runpb.Service, error) {
	c.t.Helper()
	pb.Name = service
	op, err := c.services.UpdateService(c.t.Context(), &runpb.UpdateServiceRequest{Service: pb, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	if err != nil {
		return nil, err
	}
	return op.Wait(c.t.Context())
}

func (c *cloud) get() *runpb.Service {
	c.t.Helper()
	pb, err := c.services.GetService(c.t.Context(), &runpb.GetServiceRequest{Name: service})
	if err != nil {
		c.t.Fatal(err)
	}
	return pb
}

// serving returns the service's traffic as text, such as map[courses-00001-abc:100].
func (c *cloud) serving(tag string) string { return fmt.Sprint(c.server.Serving(service, tag)) }

func wantCode(t *testing.T, what string, err error, want codes.Code) {
	t.Helper()
	if status.Code(err) != want {
		t.Errorf("%s: %v, want the code %v", what, err, want)
	}
}
