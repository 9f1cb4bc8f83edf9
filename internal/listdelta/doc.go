// Package listdelta makes and applies deltas between two versions of a course list, so that a client that
// has an older version loads a few kilobytes instead of the whole list. docs/list-deltas.md describes the
// format and compares it with others; web/src/listdelta.ts applies deltas in web clients.
//
// A delta copies, skips and inserts ranges of bytes from the start of the older list to its end. It never
// copies a byte twice, so its result is never larger than the list and the delta together. The result must
// have the hash that the list's name says: a delta that is truncated, forged or made for another list is an
// error, never a wrong list.
//
// Make and Encode are deterministic: equal lists give equal deltas.
package listdelta
