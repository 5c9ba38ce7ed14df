package exchange

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yutu/geo/division"
)

// The tables of this package are data: names of columns, generic parts of names and conventions of codes, each
// line with its source. They are read once; a line that cannot be read is a fault of the program.

//go:embed columns.csv
var columnsCSV string

//go:embed types.csv
var typesCSV string

//go:embed codes.csv
var codesCSV string

// Our fields, in the order in which they are settled and reported.
const (
	fieldCode      = "code"
	fieldName      = "name"
	fieldLevel     = "level"
	fieldType      = "type"
	fieldParent    = "parent"
	fieldValidFrom = "valid_from"
	fieldValidTo   = "valid_to"
	fieldSecrecy   = "secrecy"
	fieldSource    = "source"
	fieldSynthetic = "synthetic"
	mapLayer       = "layer"
)

var fields = []string{fieldCode, fieldName, fieldLevel, fieldType, fieldParent, fieldValidFrom, fieldValidTo, fieldSecrecy, fieldSource, fieldSynthetic}

// alias is one name under which a field is known.
type alias struct {
	field string
	// level is set where the name says of which level the column is, such as 县代码.
	level division.Level
	name  string // normalized
	rule  string // "country-prefix": only values with the prefix count, and it is dropped
	// stems are what a .dbf leaves of the name in its ten bytes, "" where it fits: GB18030 and UTF-8.
	stems [2]string
}

// genericPart tells the kind of a unit by how its name ends.
type genericPart struct {
	level  division.Level
	suffix string
	kind   string
}

var (
	aliases      []alias
	genericParts []genericPart
	codes        = map[string]string{}
	extent       struct{ west, east, south, north float64 }
	nameMax      int
)

func init() {
	for _, row := range mustCSV(columnsCSV, 5) {
		a := alias{field: row[0], level: levelOf(row[1]), name: normalize(row[2]), rule: row[3]}
		if len(row[2]) > 10 {
			a.stems[1] = stem(row[2], func(s string) int { return len(s) })
		}
		gb := func(s string) int {
			b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
			if err != nil {
				panic(fmt.Sprintf("columns.csv: %q: %v", s, err))
			}
			return len(b)
		}
		if gb(row[2]) > 10 {
			a.stems[0] = stem(row[2], gb)
		}
		aliases = append(aliases, a)
	}
	for _, row := range mustCSV(typesCSV, 4) {
		genericParts = append(genericParts, genericPart{levelOf(row[0]), row[1], row[2]})
	}
	// The longest ending speaks: 自治区 before 区.
	slices.SortStableFunc(genericParts, func(a, b genericPart) int { return len(b.suffix) - len(a.suffix) })
	for _, row := range mustCSV(codesCSV, 3) {
		codes[row[0]] = row[1]
	}
	extent.west, extent.east = number("extent-west"), number("extent-east")
	extent.south, extent.north = number("extent-south"), number("extent-north")
	nameMax = int(number("name-max-characters"))
}

func mustCSV(text string, width int) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = width
	rows, err := r.ReadAll()
	if err != nil {
		panic(err)
	}
	return rows[1:]
}

func number(rule string) float64 {
	v, err := strconv.ParseFloat(codes[rule], 64)
	if err != nil {
		panic(fmt.Sprintf("codes.csv: %s: %v", rule, err))
	}
	return v
}

func levelOf(s string) division.Level {
	if s == "" {
		return 0
	}
	l, ok := division.ParseLevel(s)
	if !ok {
		panic(fmt.Sprintf("level %q in a table", s))
	}
	return l
}

// stem is the longest beginning of s that takes at most ten bytes, normalized.
func stem(s string, size func(string) int) string {
	rs := []rune(s)
	n := len(rs)
	for n > 0 && size(string(rs[:n])) > 10 {
		n--
	}
	return normalize(string(rs[:n]))
}

// normalize makes names of columns comparable: case, spaces, underscores and hyphens do not count.
func normalize(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "", "\u3000", "", "\ufeff", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// kindOf returns the kind of unit that the generic part of the name says, "" where it says none.
func kindOf(name string, level division.Level) string {
	for _, g := range genericParts {
		if g.level == level && len(name) > len(g.suffix) && strings.HasSuffix(name, g.suffix) {
			return g.kind
		}
	}
	return ""
}

// parseCode reads a code with the conventions of its sources.
func parseCode(s, rule string) (division.Code, error) {
	t := strings.TrimSpace(s)
	if rule == "country-prefix" {
		rest, ok := strings.CutPrefix(t, codes["country-prefix"])
		if !ok {
			return "", fmt.Errorf("division code %q: lacks the country prefix %s of its column", s, codes["country-prefix"])
		}
		t = rest
	}
	if len(t) == 12+len(codes["village-tail"]) {
		t = strings.TrimSuffix(t, codes["village-tail"])
	}
	return division.ParseCode(t)
}
