package exchange

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"yutu/data/synth"
	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/division/crosswalk"
)

var choice = SheetChoice{Columns: []string{"人口"}}

func TestTablesInEveryEncodingReadTheSame(t *testing.T) {
	const text = "磐安县人口,,\r\n区划代码,名称,人口\r\n\r\n330727001201,甲村,12\r\n330727001202,乙村,3\r\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{"utf8": text, "mark": "\ufeff" + text, "gbk": gbk, "utf16 tabs": utf16,
		"semicolons": strings.ReplaceAll(text, ",", ";"), "lf": strings.ReplaceAll(text, "\r", "")} {
		s, table, findings := ReadSheet(name+".csv", []byte(b), choice)
		if s == nil || len(findings) > 0 {
			t.Errorf("%s: %+v", name, findings)
			continue
		}
		if len(table.Rows) != 2 || table.Rows[0].Code != "330727001201" || table.Rows[1].Values[0] != "3" || table.Rows[1].Record != 5 {
			t.Errorf("%s: %+v", name, table)
		}
	}
}

func TestNumbersOfAWorkbookAreWhatItShows(t *testing.T) {
	for in, want := range map[string]string{"0.30000000000000004": "0.3", "3.30727001E+11": "330727001000", "330727001000": "330727001000", "12.5": "12.5",
		"1E-3": "0.001", "1234567.1000000001": "1234567.1", "-2.2000000000000002": "-2.2", "abc": "abc", "1e5": "100000", "": ""} {
		if got := plainNumber(in); got != want {
			t.Errorf("%s reads %s, want %s", in, got, want)
		}
	}
}

// bomb is a workbook of some kilobytes that unpacks to far more than the bound.
func bomb(t testing.TB) []byte {
	f := excelize.NewFile()
	if err := f.SetCellStr("Sheet1", "A1", "代码"); err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if err := f.Write(&plain); err != nil {
		t.Fatal(err)
	}
	in, err := zip.NewReader(bytes.NewReader(plain.Bytes()), int64(plain.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range in.File {
		if strings.HasPrefix(part.Name, "xl/worksheets/") {
			continue
		}
		if err := z.Copy(part); err != nil {
			t.Fatal(err)
		}
	}
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range 300 {
		if _, err := w.Write(blank); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestHostileTables(t *testing.T) {
	wide := "代码,人口" + strings.Repeat(",x", 1000) + "\n"
	far := excelize.NewFile()
	for cell, v := range map[string]any{"A1": "代码", "B1": "人口", "A2": "330727001", "B2": 1, "XFD2": 1} {
		if err := far.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	var farBytes bytes.Buffer
	if err := far.Write(&farBytes); err != nil {
		t.Fatal(err)
	}
	packed := bomb(t)
	if len(packed) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(packed))
	}
	for name, c := range map[string]struct {
		b    []byte
		rule string
	}{
		"bomb":     {packed, "workbook-unreadable"},
		"far cell": {farBytes.Bytes(), "table-too-large"},
		"wide":     {[]byte(wide), "table-too-large"},
		"cell":     {[]byte("代码,人口\n1," + strings.Repeat("9", 40_000)), "table-too-large"},
		"lines":    {bytes.Repeat([]byte("\n"), 2_000_000), "column-missing"},
		"rows":     {append([]byte("代码,人口\n"), bytes.Repeat([]byte("1,1\n"), 1_100_000)...), "table-too-large"},
		"zeros":    {make([]byte, 1000), "format-unsupported"},
		"bytes":    {[]byte{0xFF, 0x80, 0x81, 0xFF}, "encoding-unknown"},
		"half zip": {[]byte("PK\x03\x04\x14\x00"), "workbook-unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			s, _, findings := ReadSheet(name, c.b, choice)
			if s != nil || len(findings) == 0 || findings[0].Rule != c.rule || findings[0].Severity != geo.Error || findings[0].File == "" {
				t.Errorf("%v %+v", s != nil, findings)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func FuzzReadSheet(f *testing.F) {
	f.Add([]byte("代码,人口\n330727001,1\n"))
	f.Add([]byte("\ufeff代码;人口\r\n\"330727001\";\"1\"\"\"\r\n"))
	f.Add([]byte("\xFF\xFEN\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, table, findings := ReadSheet("a.csv", b, choice)
		if (s == nil) == (len(findings) == 0) {
			t.Fatalf("%v %v", s, findings)
		}
		for _, r := range table.Rows {
			if len(r.Values) != 1 || r.Record < 2 {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// The figures of the county before both changes, carried over the real history of its units, are those that the county has: every
// village's people counted by hand of its truth.
func TestTheCountysPeopleAreCarriedExactly(t *testing.T) {
	w, err := synth.Generate(context.Background(), synth.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	units := append([]division.Unit(nil), w.Units...)
	for i := range units {
		units[i].ID = int64(i + 1)
	}
	find := func(code division.Code, day division.Date) int64 {
		for i := range units {
			if units[i].Code == code && units[i].Valid.Contains(day) {
				return units[i].ID
			}
		}
		return 0
	}
	var edges []division.Edge
	want := map[division.Level]map[division.Code]int{division.Township: {}, division.Village: {}}
	first, last := division.Date(0), division.Date(0)
	for _, l := range w.Lineage {
		if first == 0 || l.Date < first {
			first = l.Date
		}
		last = max(last, l.Date)
		before, after := find(l.Old, l.Date-1), find(l.New, l.Date)
		if before != after {
			one := 1.0
			edges = append(edges, division.Edge{EventID: 1, Before: before, After: after, AreaShare: l.AreaShare, AreaM2: l.AreaM2, PopulationShare: &one})
		}
	}
	people := map[division.Level]map[division.Code]int{division.Township: {}, division.Village: {}}
	for _, l := range w.Lineage {
		if l.Date == first {
			people[l.Level][l.Old] = l.PeoplePassed
		}
		if l.Date == last && l.Level == division.Village {
			want[l.Level][l.New] += l.PeoplePassed
		}
		if l.Level == division.Township {
			want[l.Level][l.New] += l.PeoplePassed
		}
	}
	s := division.NewState(units, []division.Event{{ID: 1, Date: first}}, edges, nil)
	for level, counts := range map[division.Level][2]int{division.Village: {371, 236}, division.Township: {19, 14}} {
		var file strings.Builder
		file.WriteString("代码,人口,户均\n")
		total := 0
		for code, n := range people[level] {
			fmt.Fprintf(&file, "%s,%d,%d.%02d\n", code, n, n/3, n%100)
			total += n
		}
		if len(people[level]) != counts[0] {
			t.Fatalf("%d units before, want %d", len(people[level]), counts[0])
		}
		c := SheetChoice{Columns: []string{"人口", "户均"}}
		sheet, table, findings := ReadSheet("a.csv", []byte(file.String()), c)
		if sheet == nil {
			t.Fatal(findings)
		}
		r, findings := crosswalk.Convert(s, table, crosswalk.Options{From: first - 1, To: last, Level: level, ByPopulation: true})
		if len(findings) > 0 || len(r.Rows) != counts[1] {
			t.Fatalf("%d rows, want %d: %+v", len(r.Rows), counts[1], findings)
		}
		for _, row := range r.Rows {
			if row.Values[0] != strconv.Itoa(want[level][row.Code]) || row.Ways[0] != crosswalk.Exact {
				t.Errorf("%s has %s people (%s), want %d", row.Code, row.Values[0], row.Ways[0], want[level][row.Code])
			}
		}
		if r.Totals[0].Out != strconv.Itoa(total) || r.Totals[1].In != r.Totals[1].Out {
			t.Errorf("%v, want %d", r.Totals, total)
		}
		if _, ok := new(big.Rat).SetString(r.Totals[1].Out); !ok {
			t.Error(r.Totals[1])
		}
	}
}
