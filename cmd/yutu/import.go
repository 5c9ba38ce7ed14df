package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"yutu/data/exchange"
	"yutu/data/pg"
	"yutu/geo"
	"yutu/geo/division"
)

const importHelp = `检查文件并导入。KIND：divisions（行政区划）。
可读 GeoJSON、逐行 GeoJSON、Shapefile、GeoPackage；坐标系、字段和层级自动识别，也可用 --crs、--map、--level 指定。
先加 --dry-run 只看检查结果，不写入任何内容。有错误时不导入；警告须用 --accept-warnings 接受。
整次导入是一个事务，可用 yutu undo 编号 撤销；同一文件导入两次，第二次不产生任何变化。
不带 --at 是更正现行数据；带 --at 表示从该日起变更，旧版本保留为历史。

Checks files and imports them. KIND: divisions. Reads GeoJSON, newline-delimited GeoJSON, Shapefile and GeoPackage.
Start with --dry-run: it shows every finding and writes nothing. Errors stop the import; warnings are accepted with
--accept-warnings. An import is one transaction, yutu undo takes it back, and importing the same file again changes
nothing. Without --at it corrects what is in force; with --at it is a change from that day on and history is kept.

    yutu import divisions 乡镇.shp --dry-run
    yutu import divisions 村.gpkg --map code=XZQDM,name=XZQMC --at 2024-01-01`

type importCmd struct {
	Kind  string   `arg:"" help:"divisions" enum:"divisions" name:"kind"`
	Files []string `arg:"" help:"文件 · Files." name:"file"`

	readFlags
	At             string `help:"自该日起生效 · In force from this day." placeholder:"YYYY-MM-DD"`
	DryRun         bool   `help:"只检查，不写入 · Check only, write nothing."`
	AcceptWarnings bool   `help:"接受警告 · Accept warnings."`
}

// readFlags say how files are to be read; import and check share them.
type readFlags struct {
	Level   string            `help:"层级 province prefecture county township village · Level of all units." placeholder:"LEVEL"`
	CRS     string            `name:"crs" help:"坐标系，如 EPSG:4549 · CRS of the coordinates." placeholder:"CRS"`
	Map     map[string]string `help:"字段对应，如 code=XZQDM,name=XZQMC · Which column is which field." mapsep:"," placeholder:"OURS=THEIRS"`
	Secrecy string            `help:"无密级字段时的密级 public internal secret · Secrecy where the file has none." default:"public" enum:"public,internal,secret"`
	Source  string            `help:"资料来源 · Source of the data." placeholder:"TEXT"`
}

func (f readFlags) options() (exchange.Options, error) {
	o := exchange.Options{CRS: f.CRS, Map: f.Map, Source: f.Source}
	var ok bool
	if o.Secrecy, ok = division.ParseSecrecy(f.Secrecy); !ok {
		return o, refuse("不认识的密级 %q", "unknown secrecy %q", f.Secrecy)
	}
	if f.Level != "" {
		if o.Level, ok = division.ParseLevel(f.Level); !ok {
			return o, refuse("不认识的层级 %q，可用 province prefecture county township village",
				"unknown level %q: use province, prefecture, county, township or village", f.Level)
		}
	}
	return o, nil
}

// Help returns the text of yutu import --help.
func (importCmd) Help() string { return importHelp }

// importReport is what yutu import --json answers.
type importReport struct {
	Findings  []geo.Finding `json:"findings"`
	Records   int           `json:"records"`
	Units     int           `json:"units"`
	DryRun    bool          `json:"dry_run"`
	Written   bool          `json:"written"`
	ImportID  int64         `json:"import_id,omitempty"`
	Added     int           `json:"added"`
	Changed   int           `json:"changed"`
	Unchanged int           `json:"unchanged"`
	Withdrawn int           `json:"withdrawn"`
}

func (c importCmd) Run(a *app) error {
	var at *division.Date
	if c.At != "" {
		d, err := division.ParseDate(c.At)
		if err != nil {
			return refuse("--at %q 不是日期，请写作 YYYY-MM-DD", "--at %q is not a date: write YYYY-MM-DD", c.At)
		}
		at = &d
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()

	day := division.Today()
	if at != nil {
		day = *at
	}
	genuine, synthetic, err := loadKnown(a.ctx, db, day)
	if err != nil {
		return err
	}
	// Synthetic and real units never stand side by side. Over a demonstration the file is taken for a part of it
	// until it proves to be real; then the demonstration counts for nothing.
	known := genuine
	if len(synthetic.units) > 0 {
		known = synthetic
	}
	units, report, err := a.readFiles(c.Files, options, known)
	if err == nil && known == synthetic && slices.ContainsFunc(units, isGenuine) {
		units, report, err = a.readFiles(c.Files, options, genuine)
	}
	if err == nil {
		// A check that could not look at the known borders has not checked the positions.
		err = genuine.failed
	}
	if err != nil {
		return err
	}
	report.DryRun = c.DryRun
	worst, _ := geo.Worst(report.Findings)
	refused := worst == geo.Error || worst == geo.Warning && !c.AcceptWarnings
	request := pg.ImportRequest{Actor: actor(), File: strings.Join(baseNames(c.Files), ", "), At: at}
	var result pg.ImportResult
	switch {
	case worst == geo.Error:
	case c.DryRun:
		if result, err = db.PlanImport(a.ctx, request, units); err != nil {
			return err
		}
	case !refused:
		bar := a.progress("写入数据库", "Writing")
		request.Progress = func(done, total int) { bar.update(int64(done), int64(total)) }
		result, err = db.ImportDivisions(a.ctx, request, units)
		bar.end()
		if err != nil {
			return err
		}
		report.Written = result.ID != 0
	}
	report.ImportID, report.Added, report.Changed = result.ID, result.Added, result.Changed
	report.Unchanged, report.Withdrawn = result.Unchanged, result.Withdrawn
	if a.JSON {
		if err := a.writeJSON(report); err != nil {
			return err
		}
	} else {
		c.explain(a, report, worst)
	}
	if worst == geo.Error || refused && !c.DryRun {
		return errReported
	}
	return nil
}

func (c importCmd) explain(a *app, r importReport, worst geo.Severity) {
	a.printFindings(a.stdout, r.Findings)
	say := func(zh, en string, args ...any) {
		fmt.Fprintf(a.stdout, a.say(geo.Text{ZH: zh, EN: en})+"\n", args...)
	}
	say("读到 %d 条记录，%d 个区划；%s。", "%d records read, %d divisions; %s.", r.Records, r.Units, a.summary(r.Findings))
	counts := func() {
		say("新增 %d，更改 %d，不变 %d，撤下合成数据 %d。", "%d added, %d changed, %d unchanged, %d synthetic withdrawn.",
			r.Added, r.Changed, r.Unchanged, r.Withdrawn)
	}
	switch {
	case worst == geo.Error:
		say("有错误，未写入任何内容。请按提示修改文件后重试。", "There are errors; nothing was written. Correct the file as advised and try again.")
	case c.DryRun:
		counts()
		if worst == geo.Warning {
			say("以上只是检查，未写入任何内容。正式导入须加 --accept-warnings 接受警告。",
				"This was only a check; nothing was written. The import itself needs --accept-warnings.")
		} else {
			say("以上只是检查，未写入任何内容。去掉 --dry-run 即正式导入。", "This was only a check; nothing was written. Leave out --dry-run to import.")
		}
	case worst == geo.Warning && !c.AcceptWarnings:
		say("有警告，未写入任何内容。核对无误后，加 --accept-warnings 再次执行。",
			"There are warnings; nothing was written. If they are as they should be, run it again with --accept-warnings.")
	case !r.Written:
		say("与数据库中的内容完全相同，没有任何变化。", "The database holds exactly this already; nothing changed.")
	default:
		counts()
		say("已导入，编号 %d。撤销：yutu undo %d", "Imported as number %d. To take it back: yutu undo %d", r.ImportID, r.ImportID)
	}
}

// readFiles reads all files as one set: a village in one file may have its township in another. Several files are
// therefore read twice, the second time knowing what all of them hold.
func (a *app) readFiles(files []string, o exchange.Options, known *knownUnits) ([]division.Unit, importReport, error) {
	report := importReport{Findings: []geo.Finding{}}
	var units []division.Unit
	for pass := range min(len(files), 2) {
		last := pass == min(len(files), 2)-1
		all := known.clone()
		for _, file := range files {
			bar := a.progress("检查 "+filepath.Base(file), "Checking "+filepath.Base(file))
			o.Progress = bar.update
			d, err := exchange.ReadDivisions(a.ctx, file, o, known)
			bar.end()
			if err != nil {
				return nil, report, err
			}
			for i := range d.Units {
				all.add(&d.Units[i])
			}
			if last {
				units = append(units, d.Units...)
				report.Findings = append(report.Findings, d.Findings...)
				report.Records += d.Records
			}
		}
		known = all
	}
	report.Units = len(units)
	slices.SortStableFunc(report.Findings, func(x, y geo.Finding) int { return int(y.Severity) - int(x.Severity) })
	return units, report, nil
}

func isGenuine(u division.Unit) bool { return !u.Synthetic }

func baseNames(files []string) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = filepath.Base(f)
	}
	return out
}
