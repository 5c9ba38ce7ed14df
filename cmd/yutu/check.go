package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/topo/fit"
)

const checkHelp = `检查区划界线是否相互吻合：缝隙、重叠、狭长碎片、缺少公共顶点、几乎重合的界线、飞地、下级未覆盖或超出上级。
给出文件则检查文件（及其代码、上级），不给文件则检查数据库在 --at 当日的区划。不写入数据库。有错误时退出码为 1。
加 --repair -o 文件.geojson 在 --tolerance 米之内修复，并报告移动了什么、最远移动多少、什么未能修复。
面积为椭球面上的量算值，非权威数据。

Checks whether divisions fit together: gaps, overlaps, slivers, junctions without a common vertex, borders that nearly
coincide, exclaves, units that do not fill or leave the unit above. With files it checks these (and codes and
parents), without it checks the database on the day --at. It never writes to the database. Exits with 1 if there are
errors. --repair -o FILE.geojson closes what lies within --tolerance metres and says what moved, how far at most, and
what could not be repaired.

    yutu check topology 乡镇.shp 村.gpkg
    yutu check topology 邻县.geojson --repair --tolerance 2 -o 修复.geojson`

type checkCmd struct {
	What  string   `arg:"" help:"topology" enum:"topology"`
	Files []string `arg:"" optional:"" help:"文件，不给则检查数据库 · Files; the database if there are none." name:"file"`
	readFlags
	At        string  `help:"日期，默认今天 · Date, today if left out." placeholder:"YYYY-MM-DD"`
	Near      float64 `help:"平均宽度小于此的为狭长碎片 · Regions thinner than this are slivers." default:"1" placeholder:"METRES"`
	Limit     int     `help:"每类最多列出几处 · How many of each kind to list." default:"20"`
	Repair    bool    `help:"在容差内修复，写入 -o · Repair within the tolerance, write to -o."`
	Tolerance float64 `help:"修复时界线最多移动多少 · How far a repair may move a border." default:"1" placeholder:"METRES"`
	Output    string  `short:"o" help:"修复后的 GeoJSON 文件 · GeoJSON file of the repaired units." placeholder:"FILE"`
}

// Help returns the text of yutu check --help.
func (checkCmd) Help() string { return checkHelp }

// checkReport is what yutu check topology --json answers.
type checkReport struct {
	Findings []geo.Finding `json:"findings"`
	Records  int           `json:"records"`
	Units    int           `json:"units"`
	// Checked is how many units were in force on the day.
	At       string        `json:"at"`
	Checked  int           `json:"checked"`
	Topology topologyCount `json:"topology"`
	// Conflicts are sorted by kind, then size; at most conflictsListed of a kind.
	Conflicts []conflict    `json:"conflicts"`
	Repair    *repairReport `json:"repair,omitempty"`
}

type topologyCount struct {
	Vertices int              `json:"vertices"`
	Arcs     int              `json:"arcs"`
	Nodes    int              `json:"nodes"`
	Faces    int              `json:"faces"`
	Kinds    map[string]total `json:"kinds"`
}

type total struct {
	Count  int     `json:"count"`
	AreaM2 float64 `json:"area_m2"`
}

type conflict struct {
	Rule     string       `json:"rule"`
	Severity geo.Severity `json:"severity"`
	Level    string       `json:"level"`
	Units    []string     `json:"units"`
	Position [2]float64   `json:"position"`
	AreaM2   float64      `json:"area_m2"`
	WidthM   float64      `json:"width_m"`
	LengthM  float64      `json:"length_m,omitempty"`
}

// conflictsListed bounds the answer: a hostile file may have a million conflicts.
const conflictsListed = 1000

func (c checkCmd) Run(a *app) error {
	at, err := dayOrToday(c.At)
	if err != nil {
		return err
	}
	if err := c.refuseFlags(); err != nil {
		return err
	}
	units, out, err := c.read(a)
	if err != nil {
		return err
	}
	areas := areasOf(units)
	options := fit.Options{Day: int32(at), NearM: c.Near}
	var report *fit.Report
	if c.Repair {
		if out.Records != out.Units {
			return refuse("%d 条记录中只有 %d 条可以读取；修复会丢失其余各条，请先更正文件（去掉 --repair 查看问题）",
				"of %d records only %d can be read; a repair would lose the others: correct the file first (leave out --repair to see what is wrong)", out.Records, out.Units)
		}
		mended, err := fit.Mend(a.ctx, areas, fit.RepairOptions{Options: options, ToleranceM: c.Tolerance})
		if err != nil {
			return c.explain(err)
		}
		for i := range units {
			units[i].Geom = mended.Geoms[i]
		}
		if err := writeUnits(c.Output, units); err != nil {
			return err
		}
		out.Repair = repairOf(mended, areas, c.Output, c.Tolerance)
		report = mended.After
	} else if report, err = fit.Check(a.ctx, areas, options); err != nil {
		return c.explain(err)
	}
	out.fill(report, areas, at)
	if a.JSON {
		err = a.writeJSON(out)
	} else {
		c.print(a, out, report, areas)
	}
	if worst, _ := geo.Worst(out.Findings); err == nil && worst == geo.Error {
		err = errReported
	}
	return err
}

func (c checkCmd) refuseFlags() error {
	switch {
	case !(c.Near > 0):
		return refuse("--near 须大于 0", "--near must be above 0")
	case c.Repair && c.Output == "":
		return refuse("--repair 须用 -o 指定写入的文件", "--repair needs -o FILE to write to")
	case !c.Repair && c.Output != "":
		return refuse("-o 只与 --repair 同用", "-o goes with --repair only")
	case c.Repair && !slices.Contains([]string{".geojson", ".json"}, strings.ToLower(filepath.Ext(c.Output))):
		return refuse("-o %s：只能写 .geojson", "-o %s: only .geojson can be written", c.Output)
	case c.Repair && !(c.Tolerance > 0 && c.Tolerance <= fit.MaxToleranceM):
		return refuse("--tolerance 须大于 0，至多 %d 米", "--tolerance must be above 0 and at most %d metres", fit.MaxToleranceM)
	}
	for _, f := range c.Files {
		if c.Repair && filepath.Clean(f) == filepath.Clean(c.Output) {
			return refuse("-o 不能是被检查的文件", "-o must not be the file that is checked")
		}
	}
	return nil
}

func (c checkCmd) explain(err error) error {
	if errors.Is(err, fit.ErrTangled) {
		return refuse("太多线段相互重叠，无法检查；请核对文件是否重复导出、坐标是否正确", "too many edges lie over each other to be checked: was something exported many times, are the coordinates right?")
	}
	return err
}

// read reads the files, or without any the units of the database.
func (c checkCmd) read(a *app) ([]division.Unit, *checkReport, error) {
	out := &checkReport{Findings: []geo.Finding{}}
	if len(c.Files) > 0 {
		options, err := c.options()
		if err != nil {
			return nil, nil, err
		}
		units, r, err := a.readFiles(c.Files, options, newKnownUnits())
		out.Findings, out.Records, out.Units = r.Findings, r.Records, r.Units
		return units, out, err
	}
	db, err := a.openDatabase(false)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	var units []division.Unit
	_, err = db.EachDivision(a.ctx, func(u division.Unit) error {
		units = append(units, u)
		return nil
	})
	out.Records, out.Units = len(units), len(units)
	return units, out, err
}

func areasOf(units []division.Unit) []fit.Area {
	out := make([]fit.Area, len(units))
	for i := range units {
		u := &units[i]
		out[i] = fit.Area{Name: strings.TrimSpace(string(u.Code) + " " + u.Name), Code: string(u.Code), Parent: string(u.Parent),
			Rank: uint8(u.Level), From: int32(u.Valid.From), To: int32(u.Valid.To), Geom: u.Geom}
	}
	return out
}

func (r *checkReport) fill(f *fit.Report, areas []fit.Area, at division.Date) {
	r.At, r.Checked = at.String(), f.Areas
	r.Topology = topologyCount{f.Vertices, f.Arcs, f.Nodes, f.Faces, map[string]total{}}
	for _, k := range fit.Kinds() {
		r.Topology.Kinds[k.String()] = total{f.Count(k), f.AreaM2(k)}
	}
	r.Conflicts = []conflict{}
	seen := map[fit.Kind]int{}
	left := map[fit.Kind]geo.Severity{}
	for i, finding := range f.Findings(areas) {
		if i >= len(f.Conflicts) {
			r.Findings = append(r.Findings, finding)
			continue
		}
		x := &f.Conflicts[i]
		if seen[x.Kind]++; seen[x.Kind] > conflictsListed {
			left[x.Kind] = max(left[x.Kind], finding.Severity)
			continue
		}
		var names []string
		for _, n := range x.Areas {
			names = append(names, areas[n].Name)
		}
		r.Conflicts = append(r.Conflicts, conflict{finding.Rule, finding.Severity, division.Level(x.Rank).String(), names, x.At, x.AreaM2, x.WidthM, x.LengthM})
		r.Findings = append(r.Findings, finding)
	}
	for _, k := range fit.Kinds() {
		if n := seen[k] - conflictsListed; n > 0 {
			r.Findings = append(r.Findings, geo.Finding{Rule: "findings-omitted", Severity: left[k],
				Message: geo.Text{ZH: fmt.Sprintf("规则 %s 另有 %d 处较小的未列出。", k, n), EN: fmt.Sprintf("%d smaller cases of %s are not listed.", n, k)}})
		}
	}
}

// print writes the report for people: what the file itself has wrong, then every kind with the largest first.
func (c checkCmd) print(a *app, out *checkReport, r *fit.Report, areas []fit.Area) {
	say := func(zh, en string, args ...any) {
		fmt.Fprintf(a.stdout, a.say(geo.Text{ZH: zh, EN: en})+"\n", args...)
	}
	var others []geo.Finding
	for _, f := range out.Findings {
		if !strings.HasPrefix(f.Rule, "topology-") {
			others = append(others, f)
		}
	}
	a.printFindings(a.stdout, others)
	out.Repair.print(a, say)
	findings := r.Findings(areas)
	for _, k := range fit.Kinds() {
		n := r.Count(k)
		if n == 0 {
			continue
		}
		if m2 := r.AreaM2(k); m2 > 0 {
			say("\n%s：%d 处，共 %s", "\n%s: %d, %s in all", a.say(k.Title()), n, fit.SquareMetres(m2))
		} else {
			say("\n%s：%d 处", "\n%s: %d", a.say(k.Title()), n)
		}
		listed := 0
		var last geo.Finding
		for i := range r.Conflicts {
			if r.Conflicts[i].Kind != k {
				continue
			}
			if listed++; listed > c.Limit {
				continue
			}
			last = findings[i]
			fmt.Fprintf(a.stdout, "  %.7f,%.7f  %s\n", last.Position[0], last.Position[1], a.say(last.Message))
		}
		if n > c.Limit {
			say("  另有 %d 处较小的，用 --limit 列出更多", "  and %d smaller ones; --limit lists more", n-min(listed, c.Limit))
		}
		if advice := a.say(last.Advice); advice != "" {
			fmt.Fprintf(a.stdout, "  → %s\n", advice)
		}
		if last.Basis != "" {
			fmt.Fprintf(a.stdout, "  § %s\n", last.Basis)
		}
	}
	if out.Units != out.Checked {
		say("\n%d 个单位中 %d 个在 %s 有效。", "\nOf %d units %d are in force on %s.", out.Units, out.Checked, out.At)
	}
	say("\n检查了 %d 个单位：%d 个顶点，%d 段界线，%d 个面；%s。面积为非权威量算值。", "\n%d units checked: %d vertices, %d arcs, %d faces; %s. Areas are computed and not authoritative.",
		out.Checked, r.Vertices, r.Arcs, r.Faces, a.summary(out.Findings))
}
