package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"yutu/data/exchange"
	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/division/crosswalk"
)

const crosswalkHelp = `把按旧区划统计的表换算成按新区划的表：整体并入的数值原样相加，拆分的按人口（未知时按面积）分摊，
合计到最后一位不变；每格注明来源，找不到的单位列入“未匹配”。反向（--to 早于 --from）按面积分摊。

Turns a table keyed by the units of one date into a table keyed by those of another. What merged whole is added up; what was
split is shared out by people, or by area where no shares of people are on record; totals stay to the last unit. Every cell
says how it came about, and units that cannot be found stand under “未匹配 unmatched”.

    yutu crosswalk --from 2018-01-01 --to 2020-06-01 --level village 人口.xlsx --column 户数,人口 -o 新人口.xlsx`

type crosswalkCmd struct {
	File       string   `arg:"" help:"表格 .csv 或 .xlsx · Table." type:"existingfile"`
	From       string   `help:"表中单位的日期 · Date of the table's units." required:"" placeholder:"YYYY-MM-DD"`
	To         string   `help:"目标单位的日期 · Date of the units wanted." required:"" placeholder:"YYYY-MM-DD"`
	Level      string   `help:"级别 · Level of the units." default:"village" placeholder:"LEVEL"`
	Column     []string `help:"数值列，可多个 · Columns with figures." required:"" placeholder:"NAME"`
	CodeColumn string   `help:"代码列，默认自动识别 · Column of the codes, found by itself if left out." placeholder:"NAME"`
	NameColumn string   `help:"名称列 · Column of the names." placeholder:"NAME"`
	Weight     string   `help:"拆分时的分摊依据 · How to share out what was split." enum:"population,area" default:"population"`
	Output     string   `short:"o" help:"写入文件，默认标准输出 · File to write, standard output if left out." type:"path" placeholder:"FILE"`
}

// Help returns the text of yutu crosswalk --help.
func (crosswalkCmd) Help() string { return crosswalkHelp }

func (c crosswalkCmd) Run(a *app) error {
	o := crosswalk.Options{ByPopulation: c.Weight == "population"}
	var err error
	if o.From, err = division.ParseDate(c.From); err != nil {
		return refuse("--from 的日期 %q 有误，请写 YYYY-MM-DD", "--from: %q is no date, write YYYY-MM-DD", c.From)
	}
	if o.To, err = division.ParseDate(c.To); err != nil {
		return refuse("--to 的日期 %q 有误，请写 YYYY-MM-DD", "--to: %q is no date, write YYYY-MM-DD", c.To)
	}
	var ok bool
	if o.Level, ok = division.ParseLevel(c.Level); !ok {
		return refuse("没有级别 %q", "there is no level %q", c.Level)
	}
	b, err := readAtMost(c.File, exchange.MaxSheetBytes)
	if err != nil {
		return err
	}
	choice := exchange.SheetChoice{CodeColumn: c.CodeColumn, Columns: c.Column, NameColumn: c.NameColumn}
	sheet, table, findings := exchange.ReadSheet(filepath.Base(c.File), b, choice)
	if sheet == nil {
		return a.refuseTable(findings)
	}
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	units, events, edges, err := db.DivisionState(a.ctx)
	if err != nil {
		return err
	}
	result, more := crosswalk.Convert(division.NewState(units, events, edges, nil), table, o)
	for i := range more {
		more[i].File = filepath.Base(c.File)
	}
	findings = append(findings, more...)
	if worst, _ := geo.Worst(findings); worst == geo.Error {
		return a.refuseTable(findings)
	}
	var out bytes.Buffer
	if !a.JSON || c.Output != "" {
		if err := sheet.WriteAnswer(&out, result, choice, o); err != nil {
			return err
		}
	}
	if c.Output != "" {
		if err := os.WriteFile(c.Output, out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if a.JSON {
		return a.writeJSON(result.Doc(findings))
	}
	a.printFindings(a.stderr, findings)
	for k, t := range result.Totals {
		a.tell("%s：换算前合计 %s，换算后合计 %s", "%s: %s in all before, %s after", result.Columns[k], t.In, t.Out)
	}
	if c.Output == "" {
		_, err = a.stdout.Write(out.Bytes())
	}
	return err
}

// refuseTable prints why a table gives nothing.
func (a *app) refuseTable(findings []geo.Finding) error {
	if a.JSON {
		if err := a.writeJSON(map[string]any{"findings": findings}); err != nil {
			return err
		}
	} else {
		a.printFindings(a.stderr, findings)
	}
	return errReported
}

// readAtMost reads a file of at most so many bytes and one more, so that a larger one is seen to be.
func readAtMost(path string, most int64) (b []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("close %s: %w", path, e)
		}
	}()
	return io.ReadAll(io.LimitReader(f, most+1))
}
