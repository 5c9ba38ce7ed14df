package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"yutu/geo"
	"yutu/geo/division/crosswalk"
)

var utf8Mark = []byte("\ufeff")

// readCSV reads text with commas, tabs or semicolons.
func readCSV(b []byte) ([][]string, form, *geo.Finding) {
	how := form{comma: ','}
	bad := func(rule, zh, en string) ([][]string, form, *geo.Finding) {
		f := sheetFinding(rule, zh, en)
		return nil, how, &f
	}
	switch {
	case bytes.HasPrefix(b, utf8Mark):
		how.mark = true
		b = b[len(utf8Mark):]
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}) || bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		how.mark = true
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(b)
		if err != nil {
			return bad("encoding-unknown", "文字编码无法识别，请另存为 UTF-8 的 CSV。", "The encoding of the text is not known: save it as CSV in UTF-8.")
		}
		b = text
	}
	if !utf8.Valid(b) {
		text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return bad("encoding-unknown", "文字编码既不是 UTF-8 也不是 GBK，请另存为 UTF-8 的 CSV。", "The text is neither UTF-8 nor GBK: save it as CSV in UTF-8.")
		}
		b, how.gbk = text, true
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return bad("format-unsupported", "这不是 .csv 或 .xlsx 文件。", "This is neither a .csv nor an .xlsx file.")
	}
	first, _, _ := bytes.Cut(bytes.TrimLeft(b, "\r\n"), []byte("\n"))
	for _, comma := range ",\t;" {
		if bytes.ContainsRune(first, comma) {
			how.comma = comma
			break
		}
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma, r.FieldsPerRecord = how.comma, -1
	var lines [][]string
	cells := 0
	for {
		line, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, how, nil
		}
		if err != nil {
			var p *csv.ParseError
			at := len(lines) + 1
			if errors.As(err, &p) {
				at = p.Line
			}
			return bad("csv-malformed", fmt.Sprintf("第 %d 行的引号不成对或位置不对。", at), fmt.Sprintf("Line %d: a quotation mark is misplaced.", at))
		}
		// Lines that the reader passes over, empty ones, count too.
		at, _ := r.FieldPos(0)
		for len(lines) < at-1 && len(lines) < maxSheetRows {
			lines = append(lines, nil)
		}
		cells += len(line)
		if f := tooMuch(len(lines)+1, len(line), cells, line); f != nil {
			return nil, how, f
		}
		lines = append(lines, line)
	}
}

// tooMuch refuses what no table of statistics is.
func tooMuch(rows, columns, cells int, line []string) *geo.Finding {
	refuse := func(zh, en string) *geo.Finding {
		f := sheetFinding("table-too-large", zh, en)
		f.Record = rows
		return &f
	}
	switch {
	case rows > maxSheetRows:
		return refuse(fmt.Sprintf("超过 %d 行。", maxSheetRows), fmt.Sprintf("There are more than %d rows.", maxSheetRows))
	case columns > maxSheetColumns:
		return refuse(fmt.Sprintf("第 %d 行超过 %d 列。", rows, maxSheetColumns), fmt.Sprintf("Row %d has more than %d columns.", rows, maxSheetColumns))
	case cells > maxSheetCells:
		return refuse(fmt.Sprintf("超过 %d 格。", maxSheetCells), fmt.Sprintf("There are more than %d cells.", maxSheetCells))
	}
	for _, cell := range line {
		if len(cell) > maxCellBytes {
			return refuse(fmt.Sprintf("第 %d 行有一格过长。", rows), fmt.Sprintf("A cell of row %d is too long.", rows))
		}
	}
	return nil
}

// WriteAnswer writes the result of a crosswalk of the table as a file of the same kind: a workbook, or text in the same encoding.
func (s *Sheet) WriteAnswer(w io.Writer, r crosswalk.Result, c SheetChoice, o crosswalk.Options) error {
	lines := s.answer(r, c)
	if s.form.xlsx {
		return writeXLSX(w, s.form.title, lines, len(r.Columns), remarks(r, o))
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	out.Comma = s.form.comma
	for _, line := range lines {
		for i := range line {
			line[i] = harmless(line[i])
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	text := b.Bytes()
	if s.form.gbk {
		gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text)
		if err != nil {
			return err
		}
		text = gb
	} else if s.form.mark {
		if _, err := w.Write(utf8Mark); err != nil {
			return err
		}
	}
	_, err := w.Write(text)
	return err
}

// harmless keeps a spreadsheet from taking a text for a formula. Figures stay as they are.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) || strings.HasPrefix(cell, "-") && strings.Trim(cell, "-0123456789.") != "" {
		return "'" + cell
	}
	return cell
}
