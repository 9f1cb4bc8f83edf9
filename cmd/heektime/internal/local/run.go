package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/internal/deployment/spec"
)

// localImage is the image of a service that runs in this process. heektime release replaces it in the
// local Cloud Run, which runs no images: the process stays the same.
const localImage = "localhost/heektime/"

// createServices enters the table's services into the local Cloud Run, for heektime release, the doctor and
// the console. Each is reached where it listens, under all its tags. As OpenTofu, it leaves the image and
// the traffic of a service that an old data folder has.
func (b *Backend) createServices(ctx context.Context) error {
	location := b.deployment.Location(b.place.Project)
	b.Cloud.Run.SetURI(func(service, _ string) string { return b.URLs[service[len(location)+len("/services/"):]] })
	for _, s := range b.deployment.Services {
		if b.URLs[s.Name] == "" {
			continue
		}
		env, err := b.deployment.Environment(s.Name, b.placeFor(s.Name))
		if err != nil {
			return err
		}
		pb := b.runService(&s, env)
		pb.Name = location + "/services/" + s.Name
		if old, err := b.Cloud.Run.GetService(ctx, &runpb.GetServiceRequest{Name: pb.Name}); err == nil {
			pb.Traffic, pb.Annotations, pb.Template.Containers[0].Image = old.Traffic, old.Annotations, old.Template.Containers[0].Image
		}
		op, err := b.Cloud.Run.UpdateService(ctx, &runpb.UpdateServiceRequest{Service: pb, AllowMissing: true})
		if err != nil {
			return fmt.Errorf("create the service %s: %w", s.Name, err)
		}
		if failed := op.GetError(); failed != nil {
			return fmt.Errorf("create the service %s: %s", s.Name, failed.Message)
		}
	}
	return nil
}

// runService converts a service of the table.
func (b *Backend) runService(s *spec.Service, env map[string]string) *runpb.Service {
	port := &runpb.ContainerPort{Name: "http1", ContainerPort: 8080}
	if s.HTTP2 {
		port.Name = "h2c"
	}
	container := &runpb.Container{
		Image: localImage + s.Name, Ports: []*runpb.ContainerPort{port},
		Resources: &runpb.ResourceRequirements{Limits: map[string]string{
			"cpu": strconv.Itoa(s.MilliCPU) + "m", "memory": strconv.Itoa(s.MemoryMiB) + "Mi",
		}},
	}
	secret := map[string]string{}
	for _, v := range s.Environment {
		if v.Value.Kind == spec.KindSecret {
			secret[v.Name] = v.Value.Text
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		v := &runpb.EnvVar{Name: name, Values: &runpb.EnvVar_Value{Value: env[name]}}
		if id := secret[name]; id != "" { // as on Google's cloud, the value is not part of the service
			v.Values = &runpb.EnvVar_ValueSource{ValueSource: &runpb.EnvVarSource{
				SecretKeyRef: &runpb.SecretKeySelector{Secret: id, Version: "latest"},
			}}
		}
		container.Env = append(container.Env, v)
	}
	return &runpb.Service{
		Labels: b.deployment.Labels, Ingress: runpb.IngressTraffic_INGRESS_TRAFFIC_ALL, CustomAudiences: []string{b.URLs[s.Name]},
		Template: &runpb.RevisionTemplate{
			ServiceAccount: spec.Email(b.place.Project, s.Account), Timeout: durationpb.New(s.Timeout),
			MaxInstanceRequestConcurrency: int32(s.Concurrency),
			Scaling:                       &runpb.RevisionScaling{MinInstanceCount: int32(s.MinInstances), MaxInstanceCount: int32(s.MaxInstances)},
			Containers:                    []*runpb.Container{container},
		},
	}
}
