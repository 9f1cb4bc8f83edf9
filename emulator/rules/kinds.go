package rules

import (
	"math/bits"
	"strings"
)

// kindSet is a set of kinds, one bit each.
type kindSet uint32

func setOf(kinds ...Kind) kindSet {
	var s kindSet
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

const allKinds kindSet = 1<<(KindMapDiff+1) - 1

func (s kindSet) has(k Kind) bool { return s&(1<<k) != 0 }

// typeKinds are the types that `is` accepts.
var typeKinds = map[string]kindSet{
	"bool": setOf(KindBool), "bytes": setOf(KindBytes), "float": setOf(KindFloat), "int": setOf(KindInt),
	"number": setOf(KindInt, KindFloat), "string": setOf(KindString), "list": setOf(KindList), "map": setOf(KindMap),
	"set": setOf(KindSet), "map_diff": setOf(KindMapDiff), "path": setOf(KindPath), "latlng": setOf(KindLatLng),
	"timestamp": setOf(KindTimestamp), "duration": setOf(KindDuration),
}

// typeNames are the same types in the order in which error messages list them.
var typeNames = []string{"bool", "bytes", "duration", "float", "int", "latlng", "list", "map", "number", "path",
	"set", "string", "timestamp", "map_diff"}

var kindNames = [...]string{KindNull: "null", KindBool: "bool", KindInt: "int", KindFloat: "float",
	KindString: "string", KindBytes: "bytes", KindTimestamp: "timestamp", KindDuration: "duration",
	KindLatLng: "latlng", KindPath: "path", KindList: "list", KindMap: "map", KindSet: "set", KindMapDiff: "map_diff",
	kindKeys: "list", kindError: "error", kindUnknown: "unknown"}

// String returns the kind's name in the rules language.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// String lists the kinds of the set, for messages.
func (s kindSet) String() string {
	var names []string
	for rest := s; rest != 0; rest &= rest - 1 {
		names = append(names, Kind(bits.TrailingZeros32(uint32(rest))).String())
	}
	return strings.Join(names, ", ")
}
