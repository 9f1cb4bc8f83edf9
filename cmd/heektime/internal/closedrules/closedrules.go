// Package closedrules makes security rules that allow no writes, or nothing, of others, and gets the originals
// back: to the byte, from the closed rules alone.
package closedrules

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// Closed describes closed rules: rules that Close made of others.
type Closed struct {
	// Since is when they were closed.
	Since time.Time `json:"since"`
	// Everything means that they allow no reads either.
	Everything bool `json:"everything"`
	// Before is the name of the ruleset that was released before.
	Before string `json:"before"`
	// SHA256 is the digest of Original, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Original is the text that they were made of.
	Original string `json:"-"`
}

// Closed rules begin with a line that describes them, and end with the original in comments: to be restored
// even if nobody has the ruleset any more. (OpenTofu deletes rulesets that it has replaced.)
const (
	header      = "// heektime stop: "
	explanation = "// Closed by heektime stop. heektime start brings the original back; do not edit.\n"
	packedLine  = "//= "
	lineLength  = 96
)

// Close returns rules without everything that allows writes, or, with c.Everything, that allows anything.
func Close(original string, c Closed) (string, error) {
	denied := []rules.Method{rules.Create, rules.Update, rules.Delete}
	if c.Everything {
		denied = append(denied, rules.Get, rules.List)
	}
	rest, err := rules.Without("the released rules", original, denied...)
	if err != nil {
		return "", fmt.Errorf("close the rules: %w", err)
	}
	c.SHA256 = digest(original)
	meta, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("describe the closed rules: %w", err)
	}
	var b strings.Builder
	b.WriteString(header + string(meta) + "\n" + explanation + rest)
	if !strings.HasSuffix(rest, "\n") {
		b.WriteString("\n")
	}
	packed, err := pack(original)
	if err != nil {
		return "", err
	}
	for len(packed) > 0 {
		n := min(lineLength, len(packed))
		b.WriteString(packedLine + packed[:n] + "\n")
		packed = packed[n:]
	}
	return b.String(), nil
}

// Parse returns the description of closed rules, nil for rules that are open. The error means that
// somebody has changed closed rules, so that their original is not certain.
func Parse(text string) (*Closed, error) {
	line, _, _ := strings.Cut(text, "\n")
	meta, ok := strings.CutPrefix(line, header)
	if !ok {
		return nil, nil
	}
	var c Closed
	if err := json.Unmarshal([]byte(meta), &c); err != nil {
		return nil, fmt.Errorf("the first line of the closed rules is damaged: %w", err)
	}
	var packed strings.Builder
	for line := range strings.Lines(text) {
		if part, ok := strings.CutPrefix(line, packedLine); ok {
			packed.WriteString(strings.TrimSpace(part))
		}
	}
	var err error
	if c.Original, err = unpack(packed.String()); err != nil {
		return nil, err
	}
	if digest(c.Original) != c.SHA256 {
		return nil, fmt.Errorf("the original in the closed rules is damaged: its digest is not %s", c.SHA256)
	}
	again, err := Close(c.Original, c)
	if err != nil {
		return nil, err
	}
	if again != text {
		return nil, fmt.Errorf("somebody has edited the closed rules")
	}
	return &c, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// pack compresses a text, so that a large file of rules stays below Google's limit, and encodes it for
// comments.
func pack(text string) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		return "", fmt.Errorf("pack the rules: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("pack the rules: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func unpack(packed string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return "", fmt.Errorf("the original in the closed rules is damaged: %w", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("the original in the closed rules is damaged: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, rules.MaxSourceBytes+1))
	if err != nil {
		return "", fmt.Errorf("the original in the closed rules is damaged: %w", err)
	}
	return string(text), nil
}
