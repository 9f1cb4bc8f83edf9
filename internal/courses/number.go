package courses

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// numberStyle is how a school writes numbers.
type numberStyle struct {
	// decimal is the decimal separator, "." or ",". If it is empty, a comma is one where what follows
	// is a half or a quarter, as in 2,5; a cell in which it could also separate two numbers is rejected.
	decimal string
}

// lastNumber is the position of the last number in a cell.
const lastNumber = -1

// numberAt returns the nth number (from 1) in a cell such as 3, 3(3), 3-2-2, .5-1, 2,5 or 3.0학점. A
// blank cell is 0.
func numberAt(cell string, n int) (float64, error) { return numberStyle{}.at(cell, n) }

// at returns the nth number (from 1) in a cell, or the last one.
func (s numberStyle) at(cell string, n int) (float64, error) {
	if cell = dropPlaceholder(fractions.Replace(strings.Map(foldRune, cell))); cell == "" {
		return 0, nil
	}
	if dash, size := utf8.DecodeRuneInString(cell); strings.ContainsRune(dashes, dash) && size < len(cell) && isDigit(rune(cell[size])) {
		return 0, fmt.Errorf("%q is negative", truncate(cell, 40))
	}
	numbers, err := s.all(cell)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", truncate(cell, 40), err)
	}
	switch {
	case n == lastNumber && len(numbers) > 0:
		return numbers[len(numbers)-1], nil
	case n < 1 || n > len(numbers):
		return 0, fmt.Errorf("%q has no number %d", truncate(cell, 40), max(n, 1))
	}
	return numbers[n-1], nil
}

var fractions = strings.NewReplacer("½", ".5", "¼", ".25", "¾", ".75")

// maxNumbers bounds the numbers in a cell.
const maxNumbers = 100

// all returns the numbers in a cell. Digits within a word, such as those of A1, are numbers as well.
func (s numberStyle) all(cell string) (numbers []float64, err error) {
	for i := 0; i < len(cell) && len(numbers) < maxNumbers; {
		begin := i
		for i < len(cell) && isDigit(rune(cell[i])) {
			i++
		}
		end := i
		if end+1 < len(cell) && (cell[end] == '.' || cell[end] == ',' && end > begin) && isDigit(rune(cell[end+1])) {
			i++
			for i < len(cell) && isDigit(rune(cell[i])) {
				i++
			}
			isDecimal, err := s.isDecimal(cell[begin:i], cell[end:i])
			if err != nil {
				return nil, err
			}
			if !isDecimal {
				i = end
			}
		}
		if i == begin {
			i++
			continue
		}
		if i < len(cell)-1 && (cell[i] == '.' || cell[i] == ',') && i > end && isDigit(rune(cell[i+1])) {
			return nil, errors.New("a number has two decimal separators")
		}
		n, err := strconv.ParseFloat(strings.Replace(cell[begin:i], ",", ".", 1), 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", truncate(cell[begin:i], 20))
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// isDecimal reports whether fraction, such as .5 or ,5, belongs to the number before it.
func (s numberStyle) isDecimal(number, fraction string) (bool, error) {
	separator, digits := fraction[:1], strings.TrimRight(fraction[1:], "0")
	switch {
	case separator == s.decimal:
		return true, nil
	case s.decimal == "" && separator == ".":
		return true, nil
	case s.decimal == "" && len(fraction) <= 3 && (digits == "" || digits == "5" || digits == "25" || digits == "75"):
		return true, nil
	case s.decimal == "" || separator == ".":
		return false, fmt.Errorf("it is not certain what %s means; option decimal declares the decimal separator", number)
	}
	return false, nil // a comma between two numbers
}

// credit returns number n of a cell with credits.
func (s numberStyle) credit(cell string, n int) (float64, error) {
	credit, err := s.at(cell, n)
	if err != nil {
		return 0, fmt.Errorf("credit: %w", err)
	}
	return credit, nil
}

// creditAt returns number n of a cell with credits.
func creditAt(cell string, n int) (float64, error) { return numberStyle{}.credit(cell, n) }

// creditAndHours returns the credits and the hours per week of two cells: number nCredit of the first
// and number nHours of the second. No client shows the hours, so unreadable ones are 0.
func creditAndHours(creditCell string, nCredit int, hoursCell string, nHours int) (credit, hours float64, err error) {
	if credit, err = creditAt(creditCell, nCredit); err != nil {
		return 0, 0, err
	}
	hours, _ = numberAt(hoursCell, nHours)
	return credit, hours, nil
}
