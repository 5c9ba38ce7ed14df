package exchange

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/division/crosswalk"
)

// Sheet is a table as a spreadsheet or a CSV file holds it.
type Sheet struct {
	// Header are the names of the columns; Rows the lines below with as many cells.
	Header []string
	Rows   [][]string
	// Records are the numbers of the lines in the file, from 1, parallel to Rows.
	Records []int
	form    form
}

// form is how the file was written, so that the answer can be written alike.
type form struct {
	xlsx   bool
	gbk    bool
	mark   bool // byte order mark
	comma  rune
	title  string // of the worksheet
	column int    // of the code
}

// What a table may be. A county has some hundreds of units, the country 700,000.
const (
	// MaxSheetBytes is the largest file.
	MaxSheetBytes   = 32 << 20
	maxSheetRows    = 1_000_000
	maxSheetColumns = 500
	maxSheetCells   = 10_000_000
	maxCellBytes    = 32_767 // as in a spreadsheet
	// maxHeaderLine is how far down the header may stand: titles stand above it.
	maxHeaderLine = 20
)

// SheetChoice says which columns of a table are meant.
type SheetChoice struct {
	// CodeColumn holds the codes; empty for the first that is known as one, such as 代码.
	CodeColumn string
	// Columns hold the figures.
	Columns []string
	// NameColumn may be empty.
	NameColumn string
}

// ReadSheet reads a table from the bytes of a .csv or .xlsx file, which is told by its content, and picks the columns. Text is UTF-8,
// UTF-16 with a mark, or GB18030. The findings of severity Error are all that is wrong, and there is no table then; name is the file's, for them.
func ReadSheet(name string, b []byte, c SheetChoice) (*Sheet, crosswalk.Table, []geo.Finding) {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	fail := func(f geo.Finding) (*Sheet, crosswalk.Table, []geo.Finding) {
		f.File, f.Severity = name, geo.Error
		return nil, crosswalk.Table{}, []geo.Finding{f}
	}
	if len(b) == 0 {
		return fail(sheetFinding("file-empty", "文件是空的。", "The file is empty."))
	}
	if len(b) > MaxSheetBytes {
		return fail(sheetFinding("file-too-large", fmt.Sprintf("文件超过 %d MB。", MaxSheetBytes>>20), fmt.Sprintf("The file is larger than %d MB.", MaxSheetBytes>>20)))
	}
	if len(c.Columns) == 0 {
		return fail(sheetFinding("column-missing", "请指定要换算的数值列。", "Name the columns with the figures."))
	}
	var lines [][]string
	var how form
	var bad *geo.Finding
	switch {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		lines, how, bad = readXLSX(b)
	case bytes.HasPrefix(b, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		f := sheetFinding("format-unsupported", "这是旧版 .xls 或加密的工作簿，请另存为 .xlsx 或 .csv。",
			"This is an old .xls or an encrypted workbook: save it as .xlsx or .csv.")
		bad = &f
	default:
		lines, how, bad = readCSV(b)
	}
	if bad != nil {
		return fail(*bad)
	}
	s, findings := pickColumns(lines, how, c)
	for i := range findings {
		findings[i].File = name
	}
	if s == nil {
		return nil, crosswalk.Table{}, findings
	}
	return s, s.table(c), findings
}

func sheetFinding(rule, zh, en string) geo.Finding {
	return geo.Finding{Rule: rule, Severity: geo.Error, Message: geo.Text{ZH: zh, EN: en}}
}

// pickColumns finds the header: the first line that has all columns asked for.
func pickColumns(lines [][]string, how form, c SheetChoice) (*Sheet, []geo.Finding) {
	best, bestHas := -1, 0
	for i, line := range lines[:min(len(lines), maxHeaderLine)] {
		has := 0
		for _, name := range c.Columns {
			if columnOf(line, name) >= 0 {
				has++
			}
		}
		if codeColumn(line, c.CodeColumn) >= 0 {
			has++
		}
		if has > bestHas {
			best, bestHas = i, has
		}
	}
	if best < 0 {
		header := []string{}
		if len(lines) > 0 {
			header = lines[0]
		}
		return nil, []geo.Finding{noColumn(c.Columns[0], header)}
	}
	s := &Sheet{Header: lines[best], form: how}
	var findings []geo.Finding
	if s.form.column = codeColumn(s.Header, c.CodeColumn); s.form.column < 0 {
		name := c.CodeColumn
		if name == "" {
			name = "代码"
		}
		findings = append(findings, noColumn(name, s.Header))
	}
	names := slices.Clone(c.Columns)
	if c.NameColumn != "" {
		names = append(names, c.NameColumn)
	}
	for k, name := range names {
		if columnOf(s.Header, name) < 0 {
			findings = append(findings, noColumn(name, s.Header))
		}
		if slices.Index(names, name) != k {
			findings = append(findings, sheetFinding("column-twice", fmt.Sprintf("列 %s 重复指定。", quoted(name)), fmt.Sprintf("Column %s is named twice.", quoted(name))))
		}
	}
	if len(findings) > 0 {
		return nil, findings
	}
	for i := best + 1; i < len(lines); i++ {
		line := lines[i]
		if !slices.ContainsFunc(line, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue
		}
		s.Rows, s.Records = append(s.Rows, line), append(s.Records, i+1)
	}
	if len(s.Rows) == 0 {
		return nil, []geo.Finding{sheetFinding("no-rows", "表头之下没有数据。", "There are no rows below the header.")}
	}
	return s, nil
}

func noColumn(name string, header []string) geo.Finding {
	list := strings.Join(header, "、")
	f := sheetFinding("column-missing", fmt.Sprintf("没有 %s 列；表头是：%s。", quoted(name), quoted(list)),
		fmt.Sprintf("There is no column %s; the header is: %s.", quoted(name), quoted(list)))
	f.Object = name
	return f
}

// columnOf finds a column by its name as it stands there, or else by what is left of it without spaces and case; −1 for none.
func columnOf(header []string, name string) int {
	for _, same := range []func(a, b string) bool{
		func(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) },
		func(a, b string) bool { return normalize(a) == normalize(b) },
	} {
		if i := slices.IndexFunc(header, func(h string) bool { return same(h, name) }); i >= 0 {
			return i
		}
	}
	return -1
}

func codeColumn(header []string, name string) int {
	if name != "" {
		return columnOf(header, name)
	}
	return slices.IndexFunc(header, func(h string) bool {
		n := normalize(h)
		return slices.ContainsFunc(aliases, func(a alias) bool { return a.field == fieldCode && a.name == n && a.rule == "" })
	})
}

func (s *Sheet) table(c SheetChoice) crosswalk.Table {
	t := crosswalk.Table{}
	at := make([]int, len(c.Columns))
	for k, name := range c.Columns {
		at[k] = columnOf(s.Header, name)
		t.Columns = append(t.Columns, s.Header[at[k]])
	}
	cell := func(row []string, i int) string {
		if i < len(row) {
			return row[i]
		}
		return ""
	}
	for i, row := range s.Rows {
		r := crosswalk.Row{Record: s.Records[i], Code: cell(row, s.form.column)}
		for _, k := range at {
			r.Values = append(r.Values, cell(row, k))
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// XLSX reports whether the table came from a workbook, and the answer will be one.
func (s *Sheet) XLSX() bool { return s.form.xlsx }

// wayText says for people how a cell came about.
var wayText = map[crosswalk.Way]string{
	crosswalk.Exact:      "整体 exact",
	crosswalk.Population: "按人口 population",
	crosswalk.Area:       "按面积 area",
	crosswalk.Unmatched:  "未匹配 unmatched",
}

// answer lays the result out: code, name, the figures, and behind them how each came about.
func (s *Sheet) answer(r crosswalk.Result, c SheetChoice) [][]string {
	name := "名称"
	if c.NameColumn != "" {
		name = c.NameColumn
	}
	header := append([]string{s.Header[s.form.column], name}, r.Columns...)
	for _, col := range r.Columns {
		header = append(header, "来源 · way："+col)
	}
	lines := [][]string{header}
	for _, row := range r.Rows {
		line := append([]string{string(row.Code), row.Name}, row.Values...)
		for _, w := range row.Ways {
			line = append(line, wayText[w])
		}
		lines = append(lines, line)
	}
	return lines
}

// remarks say what is not in the cells.
func remarks(r crosswalk.Result, o crosswalk.Options) [][]string {
	list := func(codes []division.Code) string {
		var all []string
		for _, c := range codes[:min(len(codes), 1000)] {
			all = append(all, string(c))
		}
		return strings.Join(all, " ")
	}
	weight := "面积 area"
	if o.ByPopulation {
		weight = "人口 population"
	}
	lines := [][]string{
		{"由 from", o.From.String()}, {"至 to", o.To.String()}, {"分摊依据 weight", weight},
	}
	for k, t := range r.Totals {
		lines = append(lines, []string{"合计 total：" + r.Columns[k], "换算前 in " + t.In, "换算后 out " + t.Out})
	}
	return append(lines, []string{"未匹配的代码 unmatched", list(r.Unmatched)}, []string{"表中缺少的单位 missing", list(r.Missing)})
}
