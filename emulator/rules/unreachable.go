package rules

import "strings"

// checkReachable warns about a match block that no request can reach. path is the block's full
// path.
func (c *checker) checkReachable(m *match, path []segment) {
	if len(m.allows) == 0 {
		if len(m.matches) == 0 {
			c.warn("empty-match", m.pos, "this match has no allow statement and no nested match, so it has no effect")
		}
		return
	}
	if why := unreachable(c.service, path); why != "" {
		c.warn("unreachable-match", m.pos, "no request matches %s: %s", pathText(path), why)
	}
}

// pathRoots are the leading segments of each service's paths; "*" stands for any segment.
var pathRoots = map[Service][]string{Firestore: {"databases", "*", "documents"}, Storage: {"b", "*", "o"}}

// unreachable returns the reason why no request can have this path, or "".
func unreachable(service Service, path []segment) string {
	root := pathRoots[service]
	for i, g := range path {
		if g.kind == segmentRest {
			return ""
		}
		if i < len(root) && g.kind == segmentLiteral && root[i] != "*" && g.text != root[i] {
			return "paths of this service start with /" + strings.ReplaceAll(strings.Join(root, "/"), "*", "{name}")
		}
	}
	switch {
	case len(path) <= len(root):
		return "its path ends before " + map[Service]string{Firestore: "a collection", Storage: "an object"}[service]
	case service == Firestore && (len(path)-len(root))%2 == 1:
		return "it ends in a collection; allow statements are for documents, such as " + pathText(path) + "/{id}"
	}
	return ""
}

// pathText returns a match's path as the source spells it.
func pathText(path []segment) string {
	var out strings.Builder
	for _, g := range path {
		switch g.kind {
		case segmentLiteral:
			out.WriteString("/" + g.text)
		case segmentOne:
			out.WriteString("/{" + g.text + "}")
		default:
			out.WriteString("/{" + g.text + "=**}")
		}
	}
	return out.String()
}
