package courses

import (
	"fmt"
	"strconv"
)

// numberAt returns the nth number (from 1) in a cell such as 3, 3(3), 3-2-2, .5-1 or 3.0학점. A blank
// cell is 0.
func numberAt(cell string, n int) (float64, error) {
	if cell = dropPlaceholder(cell); cell == "" {
		return 0, nil
	}
	found := 0
	for i := 0; i < len(cell); {
		if !isDigit(rune(cell[i])) && (cell[i] != '.' || i+1 == len(cell) || !isDigit(rune(cell[i+1]))) {
			i++
			continue
		}
		begin, dots := i, 0
		for i < len(cell) && (isDigit(rune(cell[i])) || cell[i] == '.' && dots == 0) {
			if cell[i] == '.' {
				dots++
			}
			i++
		}
		if found++; found == n {
			return strconv.ParseFloat(cell[begin:i], 64)
		}
	}
	return 0, fmt.Errorf("%q has no number %d", truncate(cell, 40), n)
}

// creditAt returns number n of a cell with credits.
func creditAt(cell string, n int) (float64, error) {
	credit, err := numberAt(cell, n)
	if err != nil {
		return 0, fmt.Errorf("credit: %w", err)
	}
	return credit, nil
}

// creditAndHours returns the credits and the hours per week of two cells: number nCredit of the
// first and number nHours of the second.
func creditAndHours(creditCell string, nCredit int, hoursCell string, nHours int) (credit, hours float64, err error) {
	if credit, err = creditAt(creditCell, nCredit); err != nil {
		return 0, 0, err
	}
	if hours, err = numberAt(hoursCell, nHours); err != nil {
		return 0, 0, fmt.Errorf("hours: %w", err)
	}
	return credit, hours, nil
}
