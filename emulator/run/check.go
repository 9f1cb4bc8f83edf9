package run

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/api"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Defaults and limits.
// https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2#revisiontemplate and
// https://cloud.google.com/run/quotas
const (
	defaultTimeout     = 5 * time.Minute
	maxTimeout         = time.Hour
	defaultConcurrency = 80
	maxConcurrency     = 1000
	defaultInstances   = 100
	defaultPort        = 8080
	maxDescription     = 512
)

// reservedVariables are environment variables that Cloud Run sets.
//
// Source: https://cloud.google.com/run/docs/container-contract#services-env-vars
var reservedVariables = map[string]bool{"PORT": true, "K_SERVICE": true, "K_REVISION": true, "K_CONFIGURATION": true}

// reservedNamespaces are those of labels and annotations that this version of the API rejects.
//
// Source: https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2#service
var reservedNamespaces = []string{"run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev"}

// setDefaults fills in what Cloud Run fills in, so that a template that is sent again without it is the
// same template.
func setDefaults(pb *runpb.Service) {
	if pb.LaunchStage == api.LaunchStage_LAUNCH_STAGE_UNSPECIFIED {
		pb.LaunchStage = api.LaunchStage_GA
	}
	if pb.Ingress == runpb.IngressTraffic_INGRESS_TRAFFIC_UNSPECIFIED {
		pb.Ingress = runpb.IngressTraffic_INGRESS_TRAFFIC_ALL
	}
	if len(pb.Traffic) == 0 {
		pb.Traffic = []*runpb.TrafficTarget{{Type: latest, Percent: 100}}
	}
	t := pb.Template
	if t == nil {
		return
	}
	if t.Timeout == nil {
		t.Timeout = durationpb.New(defaultTimeout)
	}
	if t.MaxInstanceRequestConcurrency == 0 {
		t.MaxInstanceRequestConcurrency = defaultConcurrency
	}
	if t.Scaling == nil {
		t.Scaling = &runpb.RevisionScaling{}
	}
	if t.Scaling.MaxInstanceCount == 0 {
		t.Scaling.MaxInstanceCount = defaultInstances
	}
	if len(t.Containers) == 1 && len(t.Containers[0].Ports) == 0 {
		t.Containers[0].Ports = []*runpb.ContainerPort{{Name: "http1", ContainerPort: defaultPort}}
	}
	for _, c := range t.Containers {
		if c.Resources == nil {
			c.Resources = &runpb.ResourceRequirements{}
		}
		if c.Resources.Limits == nil {
			c.Resources.Limits = map[string]string{}
		}
		for name, value := range map[string]string{"cpu": "1000m", "memory": "512Mi"} {
			if c.Resources.Limits[name] == "" {
				c.Resources.Limits[name] = value
			}
		}
	}
}

// checkService checks a service's desired state, except for its traffic.
func checkService(pb *runpb.Service) error {
	t := pb.Template
	switch {
	case pb.BuildConfig != nil:
		return invalid("The local cloud does not support build_config.")
	case pb.MultiRegionSettings != nil:
		return invalid("The local cloud does not support multi_region_settings.")
	case utf8.RuneCountInString(pb.Description) > maxDescription:
		return violation("service.description", "it must have at most %d characters.", maxDescription)
	case t == nil:
		return violation("service.template", "it is required.")
	case len(t.Containers) == 0:
		return violation("service.template.containers", "at least one container is required.")
	case t.Timeout.CheckValid() != nil || t.Timeout.AsDuration() <= 0 || t.Timeout.AsDuration() > maxTimeout:
		return violation("service.template.timeout", "it must be more than 0 and at most %v.", maxTimeout)
	case t.MaxInstanceRequestConcurrency < 0 || t.MaxInstanceRequestConcurrency > maxConcurrency:
		return violation("service.template.max_instance_request_concurrency", "it must be from 1 to %d.", maxConcurrency)
	case t.Scaling.MinInstanceCount < 0 || t.Scaling.MaxInstanceCount < t.Scaling.MinInstanceCount:
		return violation("service.template.scaling", "min_instance_count must be from 0 to max_instance_count.")
	}
	if id, service := t.Revision, lastPart(pb.Name); id != "" {
		if !revisionID.MatchString(id) || !strings.HasPrefix(id, service+"-") {
			return violation("service.template.revision", "%q must begin with the service's name and a hyphen, %q, consist of lower-case letters, "+
				"digits and hyphens, and have at most 63 characters.", id, service+"-")
		}
	}
	for field, names := range map[string]map[string]string{
		"service.labels": pb.Labels, "service.annotations": pb.Annotations,
		"service.template.labels": t.Labels, "service.template.annotations": t.Annotations,
	} {
		if err := checkNamespaces(field, names); err != nil {
			return err
		}
	}
	return checkContainers(t.Containers)
}

func checkNamespaces(field string, names map[string]string) error {
	for name := range names {
		namespace, _, _ := strings.Cut(name, "/")
		for _, reserved := range reservedNamespaces {
			if namespace == reserved || strings.HasSuffix(namespace, "."+reserved) {
				return violation(field, "%q is in a namespace that is reserved for the system.", name)
			}
		}
	}
	return nil
}

func checkContainers(containers []*runpb.Container) error {
	ports := 0
	for i, c := range containers {
		field := fmt.Sprintf("service.template.containers[%d]", i)
		if c.Image == "" {
			return violation(field+".image", "it is required.")
		}
		ports += len(c.Ports)
		seen := map[string]bool{}
		for _, v := range c.Env {
			switch {
			case v.Name == "":
				return violation(field+".env", "a name is required.")
			case reservedVariables[v.Name]:
				return violation(field+".env", "The following reserved env names were provided: %s. These values are automatically set by the system.", v.Name)
			case seen[v.Name]:
				return violation(field+".env", "%s is set twice.", v.Name)
			}
			seen[v.Name] = true
		}
	}
	if ports != 1 {
		return violation("service.template.containers", "exactly one container must have exactly one port.")
	}
	return nil
}
