package courses

import (
	"fmt"
	"strconv"
)

// numberAt is the nth number (from 1) in a cell such as 3, 3(3), 3-2-2, .5-1 or 3.0학점. A blank cell is 0.
func numberAt(cell string, n int) (float64, error) {
	if cell = known(cell); cell == "" {
		return 0, nil
	}
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
		if n--; n == 0 {
			return strconv.ParseFloat(cell[begin:i], 64)
		}
	}
	return 0, fmt.Errorf("%q does not hold the number that belongs there", clip(cell, 40))
}

// credits reads credits, and hours a week where they are known, from two cells; nth says which number of each cell counts.
func credits(credit string, nthCredit int, hours string, nthHours int) (float64, float64, error) {
	c, err := numberAt(credit, nthCredit)
	if err != nil {
		return 0, 0, fmt.Errorf("credit %w", err)
	}
	h, err := numberAt(hours, nthHours)
	if err != nil {
		return 0, 0, fmt.Errorf("hours %w", err)
	}
	return c, h, nil
}
