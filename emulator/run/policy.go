package run

import (
	"context"
	"slices"
	"strconv"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// GetIamPolicy returns who may call a service, as it was set.
func (s *Server) GetIamPolicy(_ context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.service(r.Resource)
	if err != nil {
		return nil, err
	}
	if found.policy == nil {
		return &iampb.Policy{Etag: []byte("ACAB")}, nil // as IAM encodes that there is none
	}
	return found.policy, nil
}

// SetIamPolicy replaces a service's policy. The local cloud stores it; it does not check callers by it.
func (s *Server) SetIamPolicy(_ context.Context, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	if r.Policy == nil {
		return nil, invalid("SetIamPolicyRequest.policy is required.")
	}
	return change(s, func() (*iampb.Policy, error) {
		found, err := s.service(r.Resource)
		if err != nil {
			return nil, err
		}
		current := "ACAB"
		if found.policy != nil {
			current = string(found.policy.Etag)
		}
		if etag := string(r.Policy.Etag); etag != "" && etag != current {
			return nil, status.Error(codes.Aborted, "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.")
		}
		for _, b := range r.Policy.Bindings {
			if b.Role == "" || len(b.Members) == 0 || slices.Contains(b.Members, "") {
				return nil, invalid("Each binding needs a role and members.")
			}
		}
		n, _ := strconv.Atoi(current)
		policy := proto.CloneOf(r.Policy)
		policy.Etag = []byte(strconv.Itoa(n + 1))
		found.policy = policy
		s.changes.Add(record{PolicyOf: r.Resource, Policy: marshal(policy)})
		return policy, nil
	})
}

// TestIamPermissions returns all permissions that were asked for: the local cloud's callers may do
// everything.
func (s *Server) TestIamPermissions(_ context.Context, r *iampb.TestIamPermissionsRequest) (*iampb.TestIamPermissionsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.service(r.Resource); err != nil {
		return nil, err
	}
	return &iampb.TestIamPermissionsResponse{Permissions: r.Permissions}, nil
}
