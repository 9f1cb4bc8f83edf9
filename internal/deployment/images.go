package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// images: as many releases stay as rollback remembers; older ones go after a month.
func images() spec.Images {
	return spec.Images{Repository: "heektime", Keep: 10, DeleteAfter: 30 * 24 * time.Hour}
}
