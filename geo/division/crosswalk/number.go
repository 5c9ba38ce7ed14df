package crosswalk

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"yutu/geo"
)

// column is a column of figures as whole numbers of its smallest decimal.
type column struct {
	decimals int
	values   []*big.Int
}

// What a figure may be at most; statistics stay far below, and hostile files are kept from costing much.
const (
	maxDigits   = 30
	maxFindings = 200
)

// readColumns reads all figures; a finding names each cell that is none.
func readColumns(t Table) ([]column, []geo.Finding) {
	var findings []geo.Finding
	cols := make([]column, len(t.Columns))
	for k, name := range t.Columns {
		parsed := make([]decimal, len(t.Rows))
		empty, at := 0, 0
		for i, r := range t.Rows {
			text := ""
			if k < len(r.Values) {
				text = r.Values[k]
			}
			d, ok := parseDecimal(text)
			if !ok {
				if len(findings) < maxFindings {
					findings = append(findings, notNumeric(r, name, text))
				}
				continue
			}
			if d.empty {
				if empty++; empty == 1 {
					at = r.Record
				}
			}
			parsed[i] = d
			cols[k].decimals = max(cols[k].decimals, d.decimals)
		}
		if empty > 0 {
			findings = append(findings, geo.Finding{Rule: "cell-empty", Severity: geo.Warning, Record: at, Object: short(name), Message: geo.Text{
				ZH: fmt.Sprintf("“%s”列有 %d 格为空，首个在第 %d 行，按 0 计。", short(name), empty, at),
				EN: fmt.Sprintf("Column “%s” has %d empty cells, the first in row %d; they count as 0.", short(name), empty, at),
			}})
		}
		for _, d := range parsed {
			v := new(big.Int)
			if d.digits != "" {
				v.SetString(d.digits+strings.Repeat("0", cols[k].decimals-d.decimals), 10)
			}
			if d.negative {
				v.Neg(v)
			}
			cols[k].values = append(cols[k].values, v)
		}
	}
	return cols, findings
}

func notNumeric(r Row, column, text string) geo.Finding {
	f := geo.Finding{Rule: "not-numeric", Severity: geo.Error, Record: r.Record, Object: short(column), Message: geo.Text{
		ZH: fmt.Sprintf("第 %d 行“%s”列的 %q 不是数字。", r.Record, short(column), short(text)),
		EN: fmt.Sprintf("Row %d, column “%s”: %q is not a number.", r.Record, short(column), short(text)),
	}}
	if strings.HasSuffix(strings.TrimSpace(text), "%") {
		f.Advice = geo.Text{ZH: "比率不能相加，请换算分子与分母两列后再计算比率。",
			EN: "Rates do not add up: convert numerator and denominator, and work out the rate afterwards."}
	} else {
		f.Advice = geo.Text{ZH: "请改正该格，或不选这一列。", EN: "Correct the cell, or leave the column out."}
	}
	return f
}

// decimal is a figure: digits without the point, of which the last decimals stand behind it.
type decimal struct {
	negative bool
	digits   string
	decimals int
	empty    bool
}

// parseDecimal reads 12, -1.50, 1,234,567.8, full-width forms of these, and 1.2e3 as spreadsheets write large numbers; empty cells
// and the dashes that stand for nothing in statistics are empty.
func parseDecimal(text string) (decimal, bool) {
	s := fold(text)
	switch s {
	case "", "-", "–", "—", "——", "…", "……":
		return decimal{empty: true}, true
	}
	d := decimal{negative: s[0] == '-'}
	s = strings.TrimLeft(s[:1], "+-") + s[1:]
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return parseScientific(d, s[:i], s[i+1:])
	}
	whole, part, point := strings.Cut(s, ".")
	if strings.Contains(whole, ",") {
		groups := strings.Split(whole, ",")
		for i, g := range groups {
			if i == 0 && (len(g) == 0 || len(g) > 3) || i > 0 && len(g) != 3 {
				return d, false
			}
		}
		whole = strings.Join(groups, "")
	}
	if !digits(whole) || point && !digits(part) || len(whole)+len(part) > maxDigits {
		return d, false
	}
	d.digits, d.decimals = whole+part, len(part)
	return d, true
}

func parseScientific(d decimal, mantissa, exponent string) (decimal, bool) {
	whole, part, point := strings.Cut(mantissa, ".")
	exp, err := strconv.Atoi(exponent)
	if err != nil || exp > maxDigits || exp < -maxDigits {
		return d, false
	}
	if !digits(whole) || point && !digits(part) {
		return d, false
	}
	d.digits, d.decimals = whole+part, len(part)-exp
	if d.decimals < 0 {
		d.digits += strings.Repeat("0", -d.decimals)
		d.decimals = 0
	}
	if len(d.digits) > maxDigits || d.decimals > maxDigits {
		return d, false
	}
	return d, true
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// fold makes full-width digits and signs half-width and drops all white space around and invisible marks.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFEE0
		case r == '−':
			return '-'
		case r == '\ufeff' || r == '\u200b' || unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

func (c *column) format(v *big.Int) string {
	s := v.String()
	if c.decimals == 0 {
		return s
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if n := c.decimals + 1 - len(s); n > 0 {
		s = strings.Repeat("0", n) + s
	}
	return sign + s[:len(s)-c.decimals] + "." + s[len(s)-c.decimals:]
}

// short keeps what is quoted from a file from filling the screen.
func short(s string) string {
	if rs := []rune(s); len(rs) > 60 {
		return string(rs[:60]) + "…"
	}
	return s
}
