package billing

import (
	"bytes"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxPricesBytes bounds a file of prices. Ours has five kilobytes.
const maxPricesBytes = 1 << 20

// ParsePrices parses a file of prices. Errors name the file, the line, the item, and what to do. Numbers are
// read as they are written, so that sums are exact.
func ParsePrices(name string, text []byte) (*Prices, error) {
	if len(text) > maxPricesBytes {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read: copy prices.yaml and change it", name, len(text), maxPricesBytes)
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s is not UTF-8: save it as UTF-8", name)
	}
	parsed, err := parser.ParseBytes(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s has %d YAML documents, want one: copy prices.yaml and change it", name, len(parsed.Docs))
	}
	p := &priceParser{name: name}
	prices := p.prices(parsed.Docs[0].Body)
	if p.err != nil {
		return nil, p.err
	}
	prices.text = slices.Clone(text)
	return prices, nil
}

// priceParser walks through a file and keeps the first error.
type priceParser struct {
	name string
	item string // "" outside of items
	err  error
}

// fail records what is wrong at a node.
func (p *priceParser) fail(at ast.Node, format string, args ...any) {
	if p.err != nil {
		return
	}
	place := p.name
	if at != nil && at.GetToken() != nil {
		place = fmt.Sprintf("%s:%d", p.name, at.GetToken().Position.Line)
	}
	if p.item != "" {
		place += ": " + p.item
	}
	p.err = fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...))
}

// fields returns a mapping's values by key. It rejects keys that are not in allowed, and those that are there
// twice.
func (p *priceParser) fields(node ast.Node, allowed ...string) map[string]ast.Node {
	fields := map[string]ast.Node{}
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		p.fail(node, "want a mapping with %s", strings.Join(allowed, ", "))
		return fields
	}
	for _, v := range mapping.Values {
		key := v.Key.GetToken().Value
		switch {
		case fields[key] != nil:
			p.fail(v.Key, "%s is there twice: delete one of them", key)
		case !slices.Contains(allowed, key):
			p.fail(v.Key, "there is no %q here: use %s", key, strings.Join(allowed, ", "))
		case v.Value == nil || v.Value.Type() == ast.NullType:
			p.fail(v.Key, "%s has no value: add one or delete the line", key)
		default:
			fields[key] = v.Value
		}
	}
	return fields
}

// required returns a field that must be there.
func (p *priceParser) required(node ast.Node, fields map[string]ast.Node, key string) ast.Node {
	if fields[key] == nil {
		p.fail(node, "%s is missing: add it", key)
	}
	return fields[key]
}

// decimal is how numbers are written: exactly.
var decimal = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,15})?$`)

// regionName is how Google names regions.
var regionName = regexp.MustCompile(`^[a-z]+-[a-z]+[0-9]+$`)

// number parses a number that is not negative.
func (p *priceParser) number(node ast.Node, key string) *big.Rat {
	if node == nil {
		return new(big.Rat)
	}
	text := node.GetToken().Value
	n, ok := new(big.Rat).SetString(text)
	if !decimal.MatchString(text) || !ok {
		p.fail(node, "%s is %q: write a number such as 0.038", key, text)
		return new(big.Rat)
	}
	return n
}

// positive parses a number above zero.
func (p *priceParser) positive(node ast.Node, key string) *big.Rat {
	n := p.number(node, key)
	if n.Sign() == 0 {
		p.fail(node, "%s is 0: write a number above it", key)
		return big.NewRat(1, 1)
	}
	return n
}

// text parses a text.
func (p *priceParser) text(node ast.Node, key string) string {
	if node == nil {
		return ""
	}
	switch node.(type) {
	case *ast.MappingNode, *ast.SequenceNode:
		p.fail(node, "%s is not a text", key)
		return ""
	}
	return node.GetToken().Value
}

func (p *priceParser) prices(root ast.Node) *Prices {
	fields := p.fields(root, "wonPerDollar", "bucketRegion", "items")
	prices := &Prices{
		wonPerDollar: p.positive(p.required(root, fields, "wonPerDollar"), "wonPerDollar"),
		bucketRegion: p.text(fields["bucketRegion"], "bucketRegion"), items: map[Item]*price{},
	}
	if name := prices.bucketRegion; name != "" && !regionName.MatchString(name) {
		p.fail(fields["bucketRegion"], "bucketRegion is %q: write a region such as us-west1", name)
	}
	list := p.required(root, fields, "items")
	if list == nil {
		return prices
	}
	var names []string
	for _, item := range Items() {
		names = append(names, string(item))
	}
	entries := p.fields(list, names...)
	for _, info := range items {
		entry := entries[string(info.item)]
		if entry == nil {
			p.fail(list, "%s has no price: add it, as in prices.yaml", info.item)
			continue
		}
		p.item = string(info.item)
		prices.items[info.item] = p.price(entry, info.dimension)
		p.item = ""
	}
	return prices
}

// price parses the entry of an item.
func (p *priceParser) price(node ast.Node, d dimension) *price {
	fields := p.fields(node, "price", "tiers", "per", "unit", "free", "regions", "region", "date", "mark", "source")
	out := p.priceOf(node, fields, d)
	if list := fields["regions"]; list != nil {
		out.regions = p.regions(list, fields, d)
	}
	return out
}

// regions parses what is different in some regions of the bucket: each entry replaces fields of the item's.
func (p *priceParser) regions(node ast.Node, base map[string]ast.Node, d dimension) map[string]*price {
	if !strings.HasPrefix(p.item, "storage.") {
		p.fail(node, "only the prices of Cloud Storage depend on the region of the bucket: delete regions")
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		p.fail(node, "regions is not a list, such as - {names: [us-west1], price: 0.020}")
		return nil
	}
	prices := map[string]*price{}
	for _, entry := range list.Values {
		own := p.fields(entry, "names", "price", "tiers", "free", "region", "date", "mark", "source")
		merged := maps.Clone(base)
		if own["price"] != nil || own["tiers"] != nil {
			delete(merged, "price")
			delete(merged, "tiers")
		}
		maps.Copy(merged, own)
		names, ok := p.required(entry, own, "names").(*ast.SequenceNode)
		if !ok {
			p.fail(entry, "names is not a list of regions, such as [us-west1]")
			return nil
		}
		there := p.priceOf(entry, merged, d)
		for _, name := range names.Values {
			region := p.text(name, "names")
			switch {
			case !regionName.MatchString(region):
				p.fail(name, "names has %q: write a region such as us-west1", region)
			case prices[region] != nil:
				p.fail(name, "%s is there twice: delete one of them", region)
			}
			prices[region] = there
		}
	}
	return prices
}

// priceOf parses the fields of a price.
func (p *priceParser) priceOf(node ast.Node, fields map[string]ast.Node, d dimension) *price {
	out := &price{
		per:    big.NewRat(1, 1),
		region: p.text(p.required(node, fields, "region"), "region"),
		date:   p.text(p.required(node, fields, "date"), "date"),
		mark:   Mark(p.text(p.required(node, fields, "mark"), "mark")),
		source: p.text(p.required(node, fields, "source"), "source"),
	}
	if per := fields["per"]; per != nil {
		out.per = p.positive(per, "per")
	}
	name := p.text(p.required(node, fields, "unit"), "unit")
	var ok bool
	if out.unit, ok = findUnit(name); !ok || out.unit.dimension != d {
		p.fail(fields["unit"], "unit is %q: use %s", name, strings.Join(unitsOf(d), ", "))
	}
	if _, err := time.Parse(time.DateOnly, out.date); err != nil {
		p.fail(fields["date"], "date is %q: write a day such as 2026-11-20", out.date)
	}
	if marks := []Mark{Vendor, SecondHand, Planned}; !slices.Contains(marks, out.mark) {
		p.fail(fields["mark"], "mark is %q: use vendor, second hand or planned", out.mark)
	}
	if u, err := url.Parse(out.source); err != nil || u.Scheme != "https" || u.Host == "" {
		p.fail(fields["source"], "source is %q: write an address such as https://cloud.google.com/run/pricing", out.source)
	}
	out.tiers = p.tiers(node, fields)
	if f := fields["free"]; f != nil {
		out.free = p.free(f, out)
	}
	return out
}

// tiers parses an item's price or prices.
func (p *priceParser) tiers(node ast.Node, fields map[string]ast.Node) []tier {
	list := fields["tiers"]
	switch {
	case list == nil:
		return []tier{{new(big.Rat), p.number(p.required(node, fields, "price"), "price")}}
	case fields["price"] != nil:
		p.fail(list, "price and tiers are both there: delete one of them")
	}
	sequence, ok := list.(*ast.SequenceNode)
	if !ok || len(sequence.Values) == 0 {
		p.fail(list, "tiers is not a list of prices, such as - {from: 0, price: 0.12}")
		return []tier{{new(big.Rat), new(big.Rat)}}
	}
	var tiers []tier
	for i, value := range sequence.Values {
		f := p.fields(value, "from", "price")
		t := tier{p.number(p.required(value, f, "from"), "from"), p.number(p.required(value, f, "price"), "price")}
		switch {
		case i == 0 && t.from.Sign() != 0:
			p.fail(value, "the first tier begins at %s: begin at 0", t.from.RatString())
		case i > 0 && t.from.Cmp(tiers[i-1].from) <= 0:
			p.fail(value, "the tiers are not in order: begin each after the one before")
		}
		tiers = append(tiers, t)
	}
	return tiers
}

func (p *priceParser) free(node ast.Node, of *price) *free {
	fields := p.fields(node, "amount", "every", "at")
	f := &free{
		amount: p.number(p.required(node, fields, "amount"), "free.amount"),
		every:  p.text(p.required(node, fields, "every"), "free.every"),
	}
	if f.every != everyDay && f.every != everyMonth {
		p.fail(fields["every"], "free.every is %q: use day or month", f.every)
	}
	if at := fields["at"]; at != nil {
		f.at = p.positive(at, "free.at")
		if len(of.tiers) > 1 || of.tiers[0].price.Sign() == 0 {
			p.fail(at, "free.at needs one price above 0")
			f.at = nil
		} else {
			f.at.Quo(f.at, of.per)
		}
	}
	return f
}
