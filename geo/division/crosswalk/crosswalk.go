// Package crosswalk turns a table keyed by the units of one date into a table keyed by those of another. What went over whole is
// carried exactly; what was split is shared out by people or by area, and the sum of every column stays what it was, to the last
// unit of its last decimal. Every cell says how it came about.
package crosswalk

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"yutu/geo"
	"yutu/geo/division"
)

// Table is what comes in: figures by unit.
type Table struct {
	// Columns are the names of the columns with figures.
	Columns []string
	Rows    []Row
}

// Row is one unit of a Table.
type Row struct {
	// Record is the line in the file, from 1, for findings.
	Record int
	// Code is as it stands in the file.
	Code string
	// Values are as they stand in the file, one for each column.
	Values []string
}

// Options say from when to when, and how to share out.
type Options struct {
	// From is the date whose units the table is keyed by, To that of the units wanted. To may lie before From.
	From, To division.Date
	Level    division.Level
	// ByPopulation shares out by people where their shares are on record, and by area elsewhere; else always by area.
	ByPopulation bool
}

// Way is how a figure came about. Where a cell has parts of several kinds, the weakest names it.
type Way string

const (
	// Exact: all that went into the unit went whole.
	Exact Way = "exact"
	// Population: a part was shared out by people.
	Population Way = "population"
	// Area: a part was shared out by area.
	Area Way = "area"
	// Unmatched: the row of figures that belong to no unit wanted.
	Unmatched Way = "unmatched"
)

// strength orders ways from the strongest.
var strength = map[Way]int{Exact: 0, Population: 1, Area: 2, Unmatched: 3}

// ResultRow is one unit of the result.
type ResultRow struct {
	Code   division.Code // empty in the row of the unmatched
	Name   string
	Values []string // one for each column, with as many decimals as the column had at most
	Ways   []Way
}

// Total is the sum of a column before and after; they are equal.
type Total struct {
	In  string `json:"in"`
	Out string `json:"out"`
}

// Result is the table by the units wanted.
type Result struct {
	Columns []string
	// Rows are sorted by code; the unmatched, where there are any, stand last.
	Rows   []ResultRow
	Totals []Total
	// Unmatched are codes of the table that were no unit on the date From, or of which nothing on record became anything.
	Unmatched []division.Code
	// Missing are units of the date From that the table has no row for.
	Missing []division.Code
}

// Convert does it. The findings of severity Error are all that is wrong with the table, and the result is empty then; others are
// worth knowing.
func Convert(s *division.State, t Table, o Options) (Result, []geo.Finding) {
	findings := checkOptions(o)
	keys, f := readKeys(s, t, o)
	findings = append(findings, f...)
	cols, f := readColumns(t)
	findings = append(findings, f...)
	if worst, _ := geo.Worst(findings); worst == geo.Error {
		return Result{}, findings
	}
	w := &work{state: s, o: o, cols: cols, rows: map[int64]*row{}}
	for i := range t.Rows {
		w.carry(i, keys[i])
	}
	res := w.result(t.Columns)
	has := map[division.Code]bool{}
	for _, k := range keys {
		has[k] = true
	}
	for _, u := range s.InForce(o.Level, o.From) {
		if !has[u.Code] {
			res.Missing = append(res.Missing, u.Code)
		}
	}
	if n := len(res.Missing); n > 0 {
		findings = append(findings, geo.Finding{Rule: "unit-missing", Severity: geo.Warning, Object: string(res.Missing[0]), Message: geo.Text{
			ZH: fmt.Sprintf("%s 有效的单位中有 %d 个在表中没有数据，例如 %s；它们并入的单位数值不全。", o.From, n, res.Missing[0]),
			EN: fmt.Sprintf("the table has no row for %d of the units in force on %s, such as %s: what they went into is incomplete", n, o.From, res.Missing[0]),
		}})
	}
	if n := len(res.Unmatched); n > 0 {
		findings = append(findings, geo.Finding{Rule: "unit-unmatched", Severity: geo.Warning, Object: string(res.Unmatched[0]), Message: geo.Text{
			ZH: fmt.Sprintf("表中 %d 个代码在 %s 不是有效单位或没有去向，例如 %s，其数值列入“未匹配”。", n, o.From, res.Unmatched[0]),
			EN: fmt.Sprintf("%d codes of the table were no unit on %s or went nowhere, such as %s: their figures stand under “unmatched”", n, o.From, res.Unmatched[0]),
		}})
	}
	return res, findings
}

func checkOptions(o Options) []geo.Finding {
	var out []geo.Finding
	if o.Level < division.Province || o.Level > division.Village {
		out = append(out, geo.Finding{Rule: "level-unknown", Severity: geo.Error, Message: geo.Text{
			ZH: "没有这个级别。", EN: "There is no such level."}})
	}
	for _, d := range []division.Date{o.From, o.To} {
		if d == division.Past || d == division.Future {
			out = append(out, geo.Finding{Rule: "date-missing", Severity: geo.Error, Message: geo.Text{
				ZH: "需要起止两个日期。", EN: "Both dates are needed."}})
			break
		}
	}
	return out
}

// readKeys reads the codes.
func readKeys(s *division.State, t Table, o Options) ([]division.Code, []geo.Finding) {
	var findings []geo.Finding
	bad := func(r Row, rule, zh, en, adviceZH, adviceEN string) {
		findings = append(findings, geo.Finding{Rule: rule, Severity: geo.Error, Record: r.Record, Object: short(r.Code),
			Message: geo.Text{ZH: zh, EN: en}, Advice: geo.Text{ZH: adviceZH, EN: adviceEN}})
	}
	keys := make([]division.Code, len(t.Rows))
	first := map[division.Code]int{}
	for i, r := range t.Rows {
		c, err := division.ParseCode(fold(r.Code))
		if err != nil {
			bad(r, "code-malformed", fmt.Sprintf("第 %d 行的代码 %q 不是区划代码。", r.Record, short(r.Code)),
				fmt.Sprintf("Row %d: %q is not a division code.", r.Record, short(r.Code)),
				"合计、小计等行请先删除，否则会重复计算。", "Take out rows of totals first: they would be counted twice.")
			continue
		}
		if j, twice := first[c]; twice {
			bad(r, "code-twice", fmt.Sprintf("第 %d 行与第 %d 行的代码 %s 相同。", r.Record, t.Rows[j].Record, c),
				fmt.Sprintf("Rows %d and %d have the same code %s.", t.Rows[j].Record, r.Record, c),
				"每个单位只能有一行。", "Give each unit one row.")
			continue
		}
		first[c], keys[i] = i, c
		if u, ok := s.At(c, o.From); ok && u.Level != o.Level {
			bad(r, "level-differs", fmt.Sprintf("第 %d 行的 %s %s 不是所选级别的单位。", r.Record, c, u.Name),
				fmt.Sprintf("Row %d: %s %s is not a unit of the level chosen.", r.Record, c, u.Name),
				"上级的合计行请先删除，或改选级别。", "Take out rows of units above, or choose another level.")
		}
	}
	return keys, findings
}

// row is one unit of the result in the making.
type row struct {
	unit *division.Unit
	sums []*big.Int
	ways []Way
}

type work struct {
	state *division.State
	o     Options
	cols  []column
	rows  map[int64]*row // by version, 0 for the unmatched
	lost  []division.Code
}

func (w *work) row(u *division.Unit) *row {
	id := int64(0)
	if u != nil {
		id = u.ID
	}
	r := w.rows[id]
	if r == nil {
		r = &row{unit: u, sums: make([]*big.Int, len(w.cols)), ways: make([]Way, len(w.cols))}
		for k := range r.sums {
			r.sums[k], r.ways[k] = new(big.Int), Exact
			if u == nil {
				r.ways[k] = Unmatched
			}
		}
		w.rows[id] = r
	}
	return r
}

// target is one place that a share of a row goes to.
type target struct {
	unit  *division.Unit // nil for none
	share float64
}

// carry shares out one row of the table.
func (w *work) carry(i int, code division.Code) {
	targets, way := w.targets(code)
	if targets[len(targets)-1].unit == nil {
		w.lost = append(w.lost, code)
	}
	shares := make([]float64, len(targets))
	for k, t := range targets {
		shares[k] = t.share
	}
	for k := range w.cols {
		for j, part := range apportion(w.cols[k].values[i], shares) {
			r := w.row(targets[j].unit)
			r.sums[k].Add(r.sums[k], part)
			if strength[way] > strength[r.ways[k]] {
				r.ways[k] = way
			}
		}
	}
}

// targets says where the unit went, and how that is known; what went nowhere stands last. There is at least one.
func (w *work) targets(code division.Code) ([]target, Way) {
	none := []target{{share: 1}}
	u, ok := w.state.At(code, w.o.From)
	if !ok {
		return none, Unmatched
	}
	if w.o.To < w.o.From {
		parts, _ := w.state.WasHere(u.Code, w.o.From, w.o.To)
		return settle(parts, 1-sum(parts), func(p *division.Part) float64 { return p.AreaShare }, Area)
	}
	parts, lost, _ := w.state.BecameOf(u.Code, w.o.From, w.o.To)
	if w.o.ByPopulation && !slices.ContainsFunc(parts, func(p division.Part) bool { return !p.PeopleKnown }) {
		return settle(parts, lost, func(p *division.Part) float64 { return p.PeopleShare }, Population)
	}
	return settle(parts, lost, func(p *division.Part) float64 { return p.AreaShare }, Area)
}

// slack is what sums of shares may be off by rounding.
const slack = 1e-9

func sum(parts []division.Part) (s float64) {
	for _, p := range parts {
		s += p.AreaShare
	}
	return s
}

func settle(parts []division.Part, lost float64, share func(*division.Part) float64, way Way) ([]target, Way) {
	var out []target
	for i := range parts {
		if s := share(&parts[i]); s > 0 {
			out = append(out, target{parts[i].Unit, s})
		}
	}
	if lost > slack || len(out) == 0 {
		return append(out, target{nil, max(lost, slack)}), way
	}
	if len(out) == 1 {
		return []target{{out[0].unit, 1}}, Exact
	}
	return out, way
}

// apportion divides a whole number by shares, which need not sum to 1, into whole numbers that sum to it: every part gets what it
// is due rounded down, and the units left over go to the largest remainders, to the first of equals.
func apportion(value *big.Int, shares []float64) []*big.Int {
	if len(shares) == 1 {
		return []*big.Int{value}
	}
	all := new(big.Rat)
	exact := make([]*big.Rat, len(shares))
	for i, s := range shares {
		exact[i] = new(big.Rat)
		exact[i].SetFloat64(s)
		all.Add(all, exact[i])
	}
	out := make([]*big.Int, len(shares))
	rest := make([]*big.Rat, len(shares))
	left := new(big.Int).Set(value)
	for i := range shares {
		due := new(big.Rat).SetInt(value)
		due.Mul(due, exact[i]).Quo(due, all)
		// Div is Euclidean: it rounds down for a positive divisor, whatever the sign of the dividend.
		out[i] = new(big.Int).Div(due.Num(), due.Denom())
		rest[i] = due.Sub(due, new(big.Rat).SetInt(out[i]))
		left.Sub(left, out[i])
	}
	order := make([]int, len(shares))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rest[b].Cmp(rest[a]) })
	one := big.NewInt(1)
	for k := range int(left.Int64()) { // fewer than there are parts
		out[order[k]].Add(out[order[k]], one)
	}
	return out
}

func (w *work) result(columns []string) Result {
	res := Result{Columns: columns, Unmatched: w.lost}
	slices.Sort(res.Unmatched)
	all := make([]*row, 0, len(w.rows))
	for _, r := range w.rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *row) int {
		switch {
		case a.unit == nil:
			return 1
		case b.unit == nil:
			return -1
		}
		return cmp.Compare(a.unit.Code, b.unit.Code)
	})
	out := make([]*big.Int, len(w.cols))
	for k := range out {
		out[k] = new(big.Int)
	}
	for _, r := range all {
		rr := ResultRow{Ways: r.ways, Name: "未匹配"}
		if r.unit != nil {
			rr.Code, rr.Name = r.unit.Code, r.unit.Name
		}
		for k, v := range r.sums {
			rr.Values = append(rr.Values, w.cols[k].format(v))
			out[k].Add(out[k], v)
		}
		res.Rows = append(res.Rows, rr)
	}
	for k := range w.cols {
		in := new(big.Int)
		for _, v := range w.cols[k].values {
			in.Add(in, v)
		}
		res.Totals = append(res.Totals, Total{In: w.cols[k].format(in), Out: w.cols[k].format(out[k])})
	}
	return res
}
