package exchange

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yutu/geo"
	"yutu/geo/division"
)

// column is one column of the file.
type column struct {
	name string
	cut  bool // the name may be the beginning of a longer one
}

// pick is the column taken for a field.
type pick struct {
	at   int // into record.values; -1: none
	rule string
}

// candidate is a column that could be the field.
type candidate struct {
	at    int
	rank  int // smaller is better
	level division.Level
	rule  string
}

// sampleRows is how many records are looked at to see whether the values of a column are what its name says.
const sampleRows = 1000

// wanted reports whether a column of this name can matter, so that others need not be kept.
func wanted(name string, o Options) bool {
	n := normalize(name)
	for i := range aliases {
		if aliases[i].name == n {
			return true
		}
	}
	for _, v := range o.Map {
		if normalize(v) == n {
			return true
		}
	}
	return false
}

// settleColumns decides which column is which field. Picks of fields without a column have at = -1. all lists
// the names of all columns of the file for messages.
func settleColumns(file string, cols []column, rows []record, o Options, all []string) (map[string]pick, []geo.Finding) {
	picks := map[string]pick{}
	var fs []geo.Finding
	for _, f := range slices.Sorted(maps.Keys(o.Map)) {
		if f != mapLayer && !slices.Contains(fields, f) {
			fs = append(fs, mapUnknownField(file, f))
		}
	}
	var codeLevel division.Level
	for _, field := range fields {
		picks[field] = pick{at: -1}
		if theirs, ok := o.Map[field]; ok {
			at := slices.IndexFunc(cols, func(c column) bool { return c.name == theirs })
			if at < 0 {
				at = slices.IndexFunc(cols, func(c column) bool { return normalize(c.name) == normalize(theirs) })
			}
			if at < 0 {
				fs = append(fs, mapUnknownColumn(file, field, theirs, all))
			}
			picks[field] = pick{at: at}
			continue
		}
		cs := candidates(field, cols, rows, o.Level, codeLevel)
		if len(cs) == 0 {
			if field == fieldCode || field == fieldName {
				fs = append(fs, columnMissing(file, field, all))
			}
			continue
		}
		best := cs[0]
		picks[field] = pick{best.at, best.rule}
		if field == fieldCode {
			codeLevel = best.level
		}
		for _, c := range cs[1:] {
			// Columns of other levels are not rivals: 县代码 beside 村代码 says whose village it is.
			if c.level == best.level && differ(rows, best.at, c.at) {
				fs = append(fs, columnAmbiguous(file, field, cols[best.at].name, cols[c.at].name))
				break
			}
		}
	}
	return picks, fs
}

// candidates returns the columns that may be the field, best first: names for any level in the order of the
// table, then names for one level (the asked one, the code's, else the deepest), exact names before cut ones.
func candidates(field string, cols []column, rows []record, asked, codeLevel division.Level) []candidate {
	var cs []candidate
	for at, c := range cols {
		n := normalize(c.name)
		best := candidate{rank: -1}
		for i := range aliases {
			a := &aliases[i]
			if a.field != field {
				continue
			}
			rank := i
			switch {
			case a.name == n:
			case c.cut && stemOf(field, a, n):
				rank += 100 * len(aliases)
			default:
				continue
			}
			if a.level != 0 {
				rank += 10 * len(aliases) * (1 + int(division.Village-a.level))
				if asked != 0 && a.level != asked {
					continue
				}
				if asked == 0 && a.level == codeLevel {
					rank -= 5 * len(aliases) * (1 + int(division.Village-a.level))
				}
			}
			switch share := plausible(field, rows, at, a.rule); {
			case share >= 0.5:
			case share > 0 && a.name == n && a.rule == "":
				// Better than nothing: what is wrong in it is told record by record.
				rank += 1000 * len(aliases)
			default:
				continue
			}
			if best.rank < 0 || rank < best.rank {
				best = candidate{at, rank, a.level, a.rule}
			}
		}
		if best.rank >= 0 {
			cs = append(cs, best)
		}
	}
	slices.SortStableFunc(cs, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	if codeLevel != 0 && field == fieldName {
		// A code of one level goes with the name of that level, whatever lies deeper.
		slices.SortStableFunc(cs, func(a, b candidate) int {
			return cmp.Compare(otherLevel(a.level, codeLevel), otherLevel(b.level, codeLevel))
		})
	}
	return cs
}

// stemOf reports whether a name that may be cut is the beginning of the alias. 行政区 could be the beginning of names
// for several fields: then only code and name, which can be told by their values, may claim it.
func stemOf(field string, a *alias, name string) bool {
	if name == "" || a.stems[0] != name && a.stems[1] != name {
		return false
	}
	if field == fieldCode || field == fieldName {
		return true
	}
	return !slices.ContainsFunc(aliases, func(b alias) bool {
		return b.field != field && (b.name == name || b.stems[0] == name || b.stems[1] == name)
	})
}

func otherLevel(l, want division.Level) int {
	if l == 0 || l == want {
		return 0
	}
	return 1
}

// plausible looks at the values and returns the share that is what the name of the column says: a code column holds
// codes, a name column no numbers. Other columns are as good as their name, and so is one without any value.
func plausible(field string, rows []record, at int, rule string) float64 {
	if field != fieldCode && field != fieldName {
		return 1
	}
	good, seen := 0, 0
	for i := range min(len(rows), sampleRows) {
		v := rows[i].value(at)
		if v == "" {
			continue
		}
		seen++
		_, err := parseCode(v, rule)
		if field == fieldCode && err == nil || field == fieldName && err != nil && strings.Trim(v, "0123456789.+-eE ") != "" {
			good++
		}
	}
	switch {
	case seen > 0:
		return float64(good) / float64(seen)
	case rule == "":
		return 1
	}
	return 0
}

func differ(rows []record, a, b int) bool {
	for i := range min(len(rows), sampleRows) {
		if va, vb := rows[i].value(a), rows[i].value(b); va != vb && vb != "" {
			return true
		}
	}
	return false
}

// listColumns writes the names of columns for a message, as many as a person would read.
func listColumns(all []string) string {
	const most = 40
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" … (%d)", len(all))
	}
	return strings.Join(all, ", ")
}
