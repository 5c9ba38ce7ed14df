package exchange

import (
	"bytes"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"yutu/geo"
)

// maxUnzippedBytes is what a workbook may unpack to, in memory and in all; a zip can hold a thousand times its size.
const maxUnzippedBytes = 256 << 20

// readXLSX reads the first visible worksheet. Values are the numbers themselves, not what formats make of them; formulas give the
// value that the spreadsheet saved.
func readXLSX(b []byte) (lines [][]string, how form, bad *geo.Finding) {
	how = form{xlsx: true}
	refuse := func(zh, en string) ([][]string, form, *geo.Finding) {
		f := sheetFinding("workbook-unreadable", zh, en)
		return nil, how, &f
	}
	defer func() {
		// The library has panicked on damaged workbooks before.
		if r := recover(); r != nil {
			lines, how, bad = refuse("工作簿已损坏，无法读取。", "The workbook is damaged and cannot be read.")
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzippedBytes, UnzipXMLSizeLimit: maxUnzippedBytes,
	})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size exceeds") {
			return refuse(fmt.Sprintf("工作簿解压后超过 %d MB。", maxUnzippedBytes>>20), fmt.Sprintf("The workbook unpacks to more than %d MB.", maxUnzippedBytes>>20))
		}
		return refuse("不是可读取的 .xlsx 工作簿（可能已损坏或加密）。", "This is no readable .xlsx workbook; it may be damaged or encrypted.")
	}
	defer func() { _ = f.Close() }() // it was only read
	title := ""
	for _, name := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(name); err == nil && visible {
			title = name
			break
		}
	}
	if title == "" {
		return refuse("工作簿中没有工作表。", "The workbook has no worksheet.")
	}
	how.title = title
	rows, err := f.Rows(title)
	if err != nil {
		return refuse("工作表已损坏，无法读取。", "The worksheet is damaged and cannot be read.")
	}
	defer func() { _ = rows.Close() }()
	cells := 0
	for rows.Next() {
		line, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return refuse(fmt.Sprintf("第 %d 行已损坏，无法读取。", len(lines)+1), fmt.Sprintf("Row %d is damaged and cannot be read.", len(lines)+1))
		}
		cells += len(line)
		if f := tooMuch(len(lines)+1, len(line), cells, line); f != nil {
			return nil, how, f
		}
		for i, cell := range line {
			line[i] = plainNumber(cell)
		}
		lines = append(lines, line)
	}
	if err := rows.Error(); err != nil {
		return refuse("工作表已损坏，无法读取。", "The worksheet is damaged and cannot be read.")
	}
	return lines, how, nil
}

// plainNumber undoes what binary fractions make of decimals in a workbook, 0.30000000000000004 and 3.30727E+11: spreadsheets
// themselves show fifteen digits.
func plainNumber(cell string) string {
	if len(cell) < 2 || len(cell) > 40 || strings.Trim(cell, "+-.0123456789eE") != "" {
		return cell
	}
	scientific := strings.ContainsAny(cell, "eE")
	if !scientific && (len(strings.Trim(cell, "-0.")) <= 16 || !strings.Contains(cell, ".")) {
		return cell
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || v > 1e25 || v < -1e25 {
		return cell
	}
	d, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'e', 14, 64))
	if !ok {
		return cell
	}
	s := d.FloatString(20)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// writeXLSX writes the answer as a workbook: figures as numbers, everything else as text, remarks on a second sheet.
func writeXLSX(w io.Writer, title string, lines [][]string, figures int, notes [][]string) (err error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	const second = "说明 notes"
	if title == "" || title == second {
		title = "Sheet1"
	}
	if err := f.SetSheetName("Sheet1", title); err != nil {
		return err
	}
	out, err := f.NewStreamWriter(title)
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, 2, 16); err != nil {
		return err
	}
	for i, line := range lines {
		row := make([]any, len(line))
		for k, cell := range line {
			row[k] = cell
			// Fifteen digits are what a spreadsheet keeps of a number.
			if i > 0 && k >= 2 && k < 2+figures && len(strings.NewReplacer("-", "", ".", "").Replace(cell)) <= 15 {
				if v, err := strconv.ParseFloat(cell, 64); err == nil {
					row[k] = v
				}
			}
		}
		if err := out.SetRow("A"+strconv.Itoa(i+1), row); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if _, err := f.NewSheet(second); err != nil {
		return err
	}
	for i, line := range notes {
		for k, cell := range line {
			at, err := excelize.CoordinatesToCellName(k+1, i+1)
			if err != nil {
				return err
			}
			if err := f.SetCellStr(second, at, cell); err != nil {
				return err
			}
		}
	}
	return f.Write(w)
}
