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

// How much of a document lists show.
const (
	previewFields = 5
	previewRunes  = 60 // per field name and per value
)

// previewField is a field as lists show it.
type previewField struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// preview returns the first fields of a document, truncated.
func preview(fields map[string]*pb.Value) []previewField {
	names := slices.Sorted(maps.Keys(fields))
	var out []previewField
	for _, name := range names[:min(len(names), previewFields)] {
		out = append(out, previewField{truncate(name), truncate(summarize(fields[name]))})
	}
	return out
}

// summarize returns a value as short text. Arrays and maps are shown by their size.
func summarize(v *pb.Value) string {
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

// truncate shortens a text to previewRunes characters.
func truncate(text string) string {
	if len(text) <= previewRunes || utf8.RuneCountInString(text) <= previewRunes {
		return text
	}
	n := 0
	for i := range text {
		if n++; n == previewRunes {
			return text[:i] + "…"
		}
	}
	return text
}
