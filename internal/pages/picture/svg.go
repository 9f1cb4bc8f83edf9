package picture

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
)

// fonts are the families that devices of Korean readers have.
const fonts = "Pretendard, 'Apple SD Gothic Neo', 'Noto Sans KR', 'Noto Sans CJK KR', 'Malgun Gothic', sans-serif"

// svg writes the layout. Sanitized texts have no characters that XML does not allow, and what has a meaning
// in XML is escaped. textLength gives a line its width in whichever font the viewer has.
func (l *layout) svg(to io.Writer) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" lang="%s">`,
		l.width, l.height, l.language)
	w.WriteString("<title>")
	xml.EscapeText(w, []byte(l.name))
	w.WriteString("</title>\n")
	for _, r := range l.rectangles {
		fmt.Fprintf(w, `<rect x="%d" y="%d" width="%d" height="%d"`, r.x, r.y, r.width, r.height)
		if r.radius > 0 {
			fmt.Fprintf(w, ` rx="%d"`, r.radius)
		}
		fmt.Fprintf(w, ` fill="%s"/>`+"\n", hexOf(r.fill))
	}
	fmt.Fprintf(w, `<g font-family="%s" font-weight="600" direction="ltr">`+"\n", fonts)
	for _, t := range l.lines {
		fmt.Fprintf(w, `<text x="%.1f" y="%.1f" font-size="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s">`,
			t.x, t.baseline, t.size, t.width, hexOf(t.fill))
		xml.EscapeText(w, []byte(t.text))
		w.WriteString("</text>\n")
	}
	w.WriteString("</g>\n</svg>\n")
	return w.Flush()
}
