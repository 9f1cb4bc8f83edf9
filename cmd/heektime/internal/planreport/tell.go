package planreport

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"heek.kr/heektime/internal/migration/plan"
)

// Letters writes a CSV file with a line for each user to tell that they are called something else, for a mail
// merge. It begins with a byte order mark, without which Excel does not read Hangul.
type Letters struct{ out *csv.Writer }

// NewLetters writes the header.
func NewLetters(w io.Writer) (*Letters, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	l := &Letters{csv.NewWriter(w)}
	return l, l.out.Write([]string{"uid", "old username", "new username", "signs in with", "e-mail", "Korean", "English"})
}

// Add writes the line of a user.
func (l *Letters) Add(r plan.Renamed) error {
	signIn := r.Before
	if r.SignsInAnew {
		signIn = r.After
	}
	cells := []string{r.UID, r.Before, r.After, signIn, r.Email, korean(r), english(r)}
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	return l.out.Write(cells)
}

// Flush writes what is left.
func (l *Letters) Flush() error {
	l.out.Flush()
	return l.out.Error()
}

// harmless puts an apostrophe before a text that a spreadsheet would take for a formula: users chose the names.
//
// Source: https://owasp.org/www-community/attacks/CSV_Injection
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// korean and english are what to tell a user. The Korean sentence has no particles after names.
func korean(r plan.Renamed) string {
	switch {
	case r.Before == "":
		return fmt.Sprintf("아이디가 없던 계정에 새 아이디가 생겼어요: %s", r.After)
	case r.SignsInAnew:
		return fmt.Sprintf("아이디가 바뀌어요: %s → %s. 앞으로는 새 아이디와 지금 쓰는 비밀번호로 로그인해 주세요.", r.Before, r.After)
	}
	return fmt.Sprintf("다른 사람에게 보이는 아이디가 바뀌어요: %s → %s. 로그인은 지금처럼 쓰던 아이디와 비밀번호로 하면 돼요.", r.Before, r.After)
}

func english(r plan.Renamed) string {
	switch {
	case r.Before == "":
		return fmt.Sprintf("Your account had no username. It now has one: %s", r.After)
	case r.SignsInAnew:
		return fmt.Sprintf("Your username changes from %s to %s. Please sign in with the new one and your current password.", r.Before, r.After)
	}
	return fmt.Sprintf("The username that others see changes from %s to %s. You still sign in with your old one and your current password.", r.Before, r.After)
}
