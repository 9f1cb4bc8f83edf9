// Package autoexport exports no traces.
package autoexport

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/sdk/trace"
)

// NewSpanExporter always fails. OpenTofu calls it only if OTEL_TRACES_EXPORTER is set.
func NewSpanExporter(context.Context) (trace.SpanExporter, error) {
	return nil, errors.New("this build of OpenTofu exports no traces")
}
