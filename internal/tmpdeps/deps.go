// Package tmpdeps holds the chosen modules in go.mod until their users have landed.
package tmpdeps

import (
	_ "cloud.google.com/go/cloudtasks/apiv2"
	_ "cloud.google.com/go/compute/metadata"
	_ "cloud.google.com/go/firestore"
	_ "cloud.google.com/go/firestore/apiv1"
	_ "cloud.google.com/go/scheduler/apiv1"
	_ "cloud.google.com/go/storage"
	_ "github.com/adhocore/gronx"
	_ "github.com/coreos/go-oidc/v3/oidc"
	_ "github.com/go-jose/go-jose/v4/jwt"
	_ "github.com/goccy/go-yaml"
	_ "github.com/richardlehane/mscfb"
	_ "github.com/tidwall/btree"
	_ "github.com/xuri/excelize/v2"
	_ "golang.org/x/net/html"
	_ "golang.org/x/net/html/charset"
	_ "golang.org/x/oauth2"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/text/encoding/korean"
	_ "golang.org/x/time/rate"
	_ "google.golang.org/api/option"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/grpc"
	_ "google.golang.org/protobuf/proto"
)
