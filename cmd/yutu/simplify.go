package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"yutu/data/exchange"
	"yutu/geo"
	"yutu/geo/topo"
)

const simplifyHelp = `简化整张界线网：公共界线只简化一次，不产生缝隙、重叠、自相交，也不丢失任何单位；属性原样保留。
给出 --tolerance（米）、--zoom（地图级别，半个像素）或 --keep（保留可省顶点的百分比）之一。
可读 GeoJSON、Shapefile、GeoPackage，坐标系自动识别或用 --crs 指定；写出 GeoJSON（CGCS2000 经纬度）。
结束时报告移动了多少：一半、95 % 与最大位移（米）及其位置，面积变化，变化最大的单位。

Simplifies a whole mesh of borders: a shared border once for both sides, so no gap, overlap or self-crossing arises and
no unit is lost; properties are kept. Give one of --tolerance (metres), --zoom (half a pixel at that zoom) or --keep
(per cent of the vertices that could go). Reads GeoJSON, Shapefile and GeoPackage, writes GeoJSON (lon, lat, CGCS2000),
and reports how far what moved.

    yutu simplify 村.gpkg -o 村_z10.geojson --zoom 10
    yutu simplify 乡镇.shp -o 乡镇.geojson --tolerance 50 --method douglas-peucker`

type simplifyCmd struct {
	File      string   `arg:"" help:"文件 · File."`
	Output    string   `short:"o" required:"" help:"写出的 GeoJSON · GeoJSON to write." placeholder:"FILE"`
	Tolerance *float64 `help:"容差，米 · Tolerance in metres." xor:"level" required:"" placeholder:"METRES"`
	Zoom      *uint8   `help:"地图级别 0–18 · Zoom of a map." xor:"level" required:"" placeholder:"Z"`
	Keep      *float64 `help:"保留百分比 0–100 · Per cent to keep." xor:"level" required:"" placeholder:"PERCENT"`
	Method    string   `help:"visvalingam（按三角形面积加权）或 douglas-peucker（按距离） · Rule of what to leave out." default:"visvalingam" enum:"visvalingam,douglas-peucker"`
	CRS       string   `name:"crs" help:"坐标系，如 EPSG:4549 · CRS of the coordinates." placeholder:"CRS"`
	Layer     string   `help:"GeoPackage 图层 · Layer of a GeoPackage." placeholder:"NAME"`
}

// Help returns the text of yutu simplify --help.
func (simplifyCmd) Help() string { return simplifyHelp }

// simplifyReport is what yutu simplify --json answers.
type simplifyReport struct {
	Method   string        `json:"method"`
	Areas    int           `json:"areas"`
	CRS      string        `json:"crs"`
	Seconds  seconds       `json:"seconds"`
	Findings []geo.Finding `json:"findings"`
	topo.Moved
	MostChanged []namedChange `json:"most_changed"`
}

type seconds struct {
	Read     float64 `json:"read"`
	Simplify float64 `json:"simplify"`
	Write    float64 `json:"write"`
}

type namedChange struct {
	Record int    `json:"record"`
	Name   string `json:"name"`
	topo.AreaChange
}

func (c simplifyCmd) Run(a *app) error {
	switch ext := strings.ToLower(filepath.Ext(c.Output)); {
	case ext != ".geojson" && ext != ".json":
		return refuse("只写 GeoJSON：-o 的文件名须以 .geojson 或 .json 结尾，而不是 %q", "only GeoJSON is written: -o must end in .geojson or .json, not %q", ext)
	case c.Tolerance != nil && !(*c.Tolerance >= 0 && *c.Tolerance <= 1e6):
		return refuse("--tolerance 须为 0 至 1000000 米", "--tolerance must be 0 to 1000000 metres")
	case c.Zoom != nil && *c.Zoom > topo.MaxZoom:
		return refuse("--zoom 须为 0 至 %d", "--zoom must be 0 to %d", topo.MaxZoom)
	case c.Keep != nil && !(*c.Keep >= 0 && *c.Keep <= 100):
		return refuse("--keep 须为 0 至 100", "--keep must be 0 to 100")
	}
	o := exchange.Options{CRS: c.CRS}
	if c.Layer != "" {
		o.Map = map[string]string{"layer": c.Layer}
	}
	begun := time.Now()
	bar := a.progress("读取", "Reading")
	o.Progress = bar.update
	in, err := exchange.ReadAreas(a.ctx, c.File, o)
	bar.end()
	if err != nil {
		return err
	}
	if worst, _ := geo.Worst(in.Findings); worst == geo.Error {
		if a.JSON {
			if err := a.writeJSON(map[string]any{"findings": in.Findings}); err != nil {
				return err
			}
		} else {
			a.printFindings(a.stdout, in.Findings)
		}
		return errReported
	}
	report := simplifyReport{Method: c.Method, Areas: len(in.Areas), CRS: in.CRS, Findings: in.Findings}
	if report.Findings == nil {
		report.Findings = []geo.Finding{}
	}
	report.Seconds.Read = time.Since(begun).Seconds()

	begun = time.Now()
	shapes := make([]orb.MultiPolygon, len(in.Areas))
	for i := range in.Areas {
		shapes[i] = in.Areas[i].Geom
	}
	thinned, err := c.simplify(a, shapes)
	if err != nil {
		return err
	}
	report.Moved = thinned.Report(0)
	for i, shape := range thinned.Shapes(0) {
		in.Areas[i].Geom = shape
	}
	report.Seconds.Simplify = time.Since(begun).Seconds()

	begun = time.Now()
	if err := writeWhole(c.Output, func(w io.Writer) error { return exchange.WriteAreas(w, in.Areas) }); err != nil {
		return err
	}
	report.Seconds.Write = time.Since(begun).Seconds()
	report.MostChanged = []namedChange{}
	for _, m := range report.Most {
		report.MostChanged = append(report.MostChanged, namedChange{in.Areas[m.Shape].Record, nameOf(&in.Areas[m.Shape]), m})
	}
	if a.JSON {
		return a.writeJSON(report)
	}
	a.printFindings(a.stdout, report.Findings)
	c.print(a, &report)
	return nil
}

func (c simplifyCmd) simplify(a *app, shapes []orb.MultiPolygon) (*topo.Thinned, error) {
	coverage, err := topo.NewCoverage(a.ctx, shapes)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Keep != nil:
		return coverage.SimplifyTo(a.ctx, topo.Method(c.Method), *c.Keep/100)
	case c.Zoom != nil:
		return coverage.Simplify(a.ctx, topo.Method(c.Method), []float64{topo.ToleranceAt(*c.Zoom, coverage.Middle())})
	}
	return coverage.Simplify(a.ctx, topo.Method(c.Method), []float64{*c.Tolerance})
}

// nameOf is what a person calls the area: the first column that has a usual name, else the first text.
func nameOf(area *exchange.Area) string {
	first := ""
	for _, p := range area.Properties {
		text, ok := p.Value.(string)
		if !ok {
			continue
		}
		switch strings.ToLower(p.Key) {
		case "name", "xzqmc", "名称", "mc":
			return text
		}
		if first == "" {
			first = text
		}
	}
	return first
}

func (c simplifyCmd) print(a *app, r *simplifyReport) {
	line := func(zh, en string, args ...any) {
		fmt.Fprintf(a.stdout, a.say(geo.Text{ZH: zh, EN: en})+"\n", args...)
	}
	line("面 %d 个，顶点 %d → %d（%.1f %%），容差 %.4g 米", "%d areas, vertices %d → %d (%.1f %%), tolerance %.4g m",
		r.Areas, r.VerticesBefore, r.VerticesAfter, 100*float64(r.VerticesAfter)/max(1, float64(r.VerticesBefore)), max(0, r.ToleranceM))
	line("其中 %d 个顶点为避免相交或丢失而保留", "%d of them kept so that nothing crosses or vanishes", r.Restored)
	if r.MaxAt != nil {
		line("位移：一半不超过 %.2f 米，95 %% 不超过 %.2f 米，最大 %.2f 米，位于 %.6f, %.6f", "moved: half at most %.2f m, 95 %% at most %.2f m, at most %.2f m, at %.6f, %.6f",
			r.P50M, r.P95M, r.MaxM, r.MaxAt[0], r.MaxAt[1])
	}
	line("面积：共 %.4f 平方公里，各面变化合计 %.4f 平方公里（%.3g %%）", "area: %.4f km² in all, changes of each add up to %.4f km² (%.3g %%)",
		r.AreaM2/1e6, r.AreaChangedM2/1e6, 100*r.AreaChangedM2/max(1, r.AreaM2))
	line("变化最大的：", "changed most:")
	for _, m := range r.MostChanged {
		line("  第 %d 条 %s：%.6f → %.6f 平方公里（%+.2g %%）", "  record %d %s: %.6f → %.6f km² (%+.2g %%)",
			m.Record, m.Name, m.BeforeM2/1e6, m.AfterM2/1e6, 100*(m.AfterM2-m.BeforeM2)/max(1e-9, m.BeforeM2))
	}
}

// writeWhole writes a file so that it is there whole or not at all; a file that stood there stays until then.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".yutu-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	b := bufio.NewWriterSize(f, 1<<20)
	if err = write(b); err != nil {
		return err
	}
	if err = b.Flush(); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
