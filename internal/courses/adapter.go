package courses

import (
	"context"
	"slices"
	"strings"

	"heek.kr/heektime/internal/spelling"
)

// adapter reads one way of publishing a course list.
type adapter struct {
	// name is the value of the option "adapter" that selects it.
	name string
	// options are the options it has, apart from "adapter".
	options []option
	// read checks the options, fetches the list, and adds every row to r.list.
	read func(ctx context.Context, r *request) error
}

// adapters returns all adapters. To add one, write its file and add a line here.
func adapters() []adapter {
	return []adapter{
		snuXLS(),
		snuHTML(),
		mjuJSON(),
		korea(),
		chungAng(),
		sheet(),
	}
}

// option is one option of an adapter.
type option struct {
	// key names the option. A key that ends in "." is a prefix: it matches every longer key.
	key string
	// required options must be present and not blank.
	required bool
	// values lists the allowed values; nil allows any.
	values []string
}

// checkOptions rejects options that the adapter does not have and values that are not allowed, and
// requires the required ones.
func (a adapter) checkOptions(options map[string]string) error {
	keys := make([]string, 0, len(options))
	for key := range options {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		o := a.option(key)
		if o == nil {
			return invalid("adapter %s has no option %q%s; its options are %s",
				a.name, truncate(key, 100), spelling.Suggest(key, a.keys()), a.optionKeys())
		}
		if value := options[key]; o.values != nil && value != "" && !slices.Contains(o.values, value) {
			return invalid("option %s is %q, must be one of %s", key, truncate(value, 100), strings.Join(o.values, ", "))
		}
	}
	for _, o := range a.options {
		if o.required && options[o.key] == "" {
			return invalid("adapter %s requires option %s", a.name, o.key)
		}
	}
	return nil
}

// option returns the option that key names, or nil.
func (a adapter) option(key string) *option {
	for i, o := range a.options {
		hasPrefix := strings.HasSuffix(o.key, ".") && strings.HasPrefix(key, o.key) && len(key) > len(o.key)
		if o.key == key && !strings.HasSuffix(key, ".") || hasPrefix {
			return &a.options[i]
		}
	}
	return nil
}

// keys returns the adapter's options, without prefixes.
func (a adapter) keys() []string {
	var keys []string
	for _, o := range a.options {
		if !strings.HasSuffix(o.key, ".") {
			keys = append(keys, o.key)
		}
	}
	return keys
}

// optionKeys lists the adapter's options for an error message.
func (a adapter) optionKeys() string {
	var keys []string
	for _, o := range a.options {
		key := o.key
		if strings.HasSuffix(key, ".") {
			key += "NAME"
		}
		keys = append(keys, key)
	}
	return strings.Join(keys, ", ")
}
