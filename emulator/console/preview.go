package console

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// How much a list shows of a document.
const (
	previewFields = 5
	previewRunes  = 60 // of a field's name, and of its value
)

// shown is a field in a list.
type shown struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// preview is what a list shows of a document: its first fields, cut.
func preview(fields map[string]*pb.Value) []shown {
	names := slices.Sorted(maps.Keys(fields))
	var out []shown
	for _, name := range names[:min(len(names), previewFields)] {
		out = append(out, shown{cut(name), cut(brief(fields[name]))})
	}
	return out
}

func brief(v *pb.Value) string {
	switch v := v.GetValueType().(type) {
	case *pb.Value_BooleanValue:
		return strconv.FormatBool(v.BooleanValue)
	case *pb.Value_IntegerValue:
		return strconv.FormatInt(v.IntegerValue, 10)
	case *pb.Value_DoubleValue:
		return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
	case *pb.Value_TimestampValue:
		return v.TimestampValue.AsTime().Format(time.RFC3339)
	case *pb.Value_StringValue:
		return v.StringValue
	case *pb.Value_BytesValue:
		return base64.StdEncoding.EncodeToString(v.BytesValue[:min(len(v.BytesValue), previewRunes)])
	case *pb.Value_ReferenceValue:
		_, path, _ := strings.Cut(v.ReferenceValue, "/documents/")
		return "→ " + path
	case *pb.Value_GeoPointValue:
		return fmt.Sprintf("%g, %g", v.GeoPointValue.GetLatitude(), v.GeoPointValue.GetLongitude())
	case *pb.Value_ArrayValue:
		return fmt.Sprintf("[%d]", len(v.ArrayValue.GetValues()))
	case *pb.Value_MapValue:
		return fmt.Sprintf("{%d}", len(v.MapValue.GetFields()))
	}
	return "null"
}

// cut shortens a text to previewRunes characters.
func cut(text string) string {
	if len(text) <= previewRunes || utf8.RuneCountInString(text) <= previewRunes {
		return text
	}
	n := 0
	for at := range text {
		if n++; n == previewRunes {
			return text[:at] + "…"
		}
	}
	return text
}
