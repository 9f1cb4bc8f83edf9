package webpage

import "heek.kr/heektime/internal/pages/share"

// Missing renders the page for everything that is not there, or that others may not see.
func Missing(l share.Language) (Page, error) {
	h := &head{language: l}
	h.Title = h.T("찾을 수 없어요", "Not found") + " · HeekTime"
	h.setStyle("")
	return render("missing", h, h)
}
