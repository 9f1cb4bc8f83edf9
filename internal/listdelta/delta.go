package listdelta

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Format names this version of the format. Readers reject any other.
const Format = "heektime.list-delta.1"

// MaxBytes bounds lists and deltas. The largest known list has ten megabytes.
const MaxBytes = 64 << 20

// nameLength is how many hexadecimal digits of a list's hash are in the name of its object.
const nameLength = 32

// Delta turns the list with the hash From into the list with the hash To.
type Delta struct {
	// From and To are SHA-256 hashes in hexadecimal.
	From, To string
	// Length of the newer list in bytes.
	Length int
	Ops    []Op
}

// Op copies the next bytes of the older list, then skips some, then inserts a text.
type Op struct {
	Copy, Skip int
	Insert     string
}

// Hash returns the hash of a list, as From and To have it.
func Hash(list []byte) string {
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:])
}

// Encode returns d as JSON.
func (d *Delta) Encode() []byte {
	ops := make([]any, 0, 3*len(d.Ops))
	for _, op := range d.Ops {
		ops = append(ops, op.Copy, op.Skip, op.Insert)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Format string `json:"format"`
		From   string `json:"from"`
		To     string `json:"to"`
		Length int    `json:"length"`
		Ops    []any  `json:"ops"`
	}{Format, d.From, d.To, d.Length, ops})
	if err != nil {
		panic(err) // integers and strings can be encoded
	}
	return out.Bytes()
}

// Decode reads what [Delta.Encode] wrote. It accepts exactly what JavaScript's JSON.parse and a check of
// each type accept, so that Go and web clients accept the same deltas.
func Decode(data []byte) (*Delta, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("delta has %d bytes, more than %d", len(data), MaxBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("delta is not UTF-8")
	}
	var fields map[string]any // a struct would match keys in any case
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("decode delta: %w", err)
	}
	if format, _ := fields["format"].(string); format != Format {
		return nil, fmt.Errorf("delta has the format %.40q, want %q", format, Format)
	}
	var d Delta
	var ok bool
	if d.From, ok = fields["from"].(string); !ok {
		return nil, errors.New("delta does not say which list it is from")
	}
	if d.To, ok = fields["to"].(string); !ok {
		return nil, errors.New("delta does not say which list it leads to")
	}
	if d.Length, ok = size(fields["length"]); !ok {
		return nil, errors.New("delta has no valid length")
	}
	ops, ok := fields["ops"].([]any)
	if !ok || len(ops)%3 != 0 {
		return nil, errors.New("the operations of a delta are not a list of triples")
	}
	d.Ops = make([]Op, len(ops)/3)
	for i := range d.Ops {
		op, valid := &d.Ops[i], [3]bool{}
		op.Copy, valid[0] = size(ops[3*i])
		op.Skip, valid[1] = size(ops[3*i+1])
		op.Insert, valid[2] = ops[3*i+2].(string)
		if valid != [3]bool{true, true, true} {
			return nil, fmt.Errorf("operation %d of a delta is not two sizes and a text", i)
		}
	}
	return &d, nil
}

// size returns a number of bytes.
func size(value any) (int, bool) {
	n, ok := value.(float64)
	if !ok || n < 0 || n > MaxBytes || n != math.Trunc(n) {
		return 0, false
	}
	return int(n), true
}

// Apply returns the newer list. name is the first 32 hexadecimal digits of the newer list's hash, which the
// name of its object in the semester's lecturesUrl has: what a delta says about itself proves nothing.
func (d *Delta) Apply(from []byte, name string) ([]byte, error) {
	if len(name) != nameLength {
		return nil, fmt.Errorf("%q is not the name of a list: want %d hexadecimal digits", name, nameLength)
	}
	// Memory is allocated for bytes that exist, not for the length that the delta claims.
	out := make([]byte, 0, min(d.Length, len(from)))
	at := 0
	for i, op := range d.Ops {
		if op.Copy < 0 || op.Skip < 0 || op.Copy > len(from)-at || op.Skip > len(from)-at-op.Copy {
			return nil, fmt.Errorf("operation %d of a delta reads beyond the end of the list", i)
		}
		if op.Copy > d.Length-len(out) || len(op.Insert) > d.Length-len(out)-op.Copy {
			return nil, fmt.Errorf("operation %d of a delta writes more than its length", i)
		}
		out = append(out, from[at:at+op.Copy]...)
		out = append(out, op.Insert...)
		at += op.Copy + op.Skip
	}
	hash := Hash(out)
	if len(out) != d.Length || hash != d.To || hash[:nameLength] != name {
		return nil, errors.New("the result of a delta is not the list that was asked for")
	}
	return out, nil
}

// Apply decodes a delta and applies it to a list. See [Delta.Apply].
func Apply(list, delta []byte, name string) ([]byte, error) {
	d, err := Decode(delta)
	if err != nil {
		return nil, err
	}
	return d.Apply(list, name)
}
