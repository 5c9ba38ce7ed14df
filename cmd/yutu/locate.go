package main

import (
	"fmt"
	"strings"

	"yutu/data/atlas"
	"yutu/geo"
	"yutu/geo/division"
)

const locateHelp = `标准输入为含 lon,lat 两列的 CSV（列名也可以是经度、纬度、x、y）；标准输出为同样的行，其后附上所在区划的代码与
名称（省、市、县、乡、村）、on_border（落在界线上时，两侧所有区划的代码）和 error（不能定位的原因）。
加 --format ndjson 则每行一个含 lon、lat 的 JSON 对象，输出时加上 divisions。经纬度也可以写作度分秒。
文件多大都逐行处理，不占内存。

Reads CSV with the columns lon and lat from standard input and writes the same rows with code and name of the
divisions they lie in, from province to village, with all sides in on_border where a position lies on a border, and
with the reason in error where a row cannot be located (exit status 1). NDJSON: one object with lon and lat a line.

    yutu locate --crs GCJ02 < 敬老院.csv
    yutu locate --at 2018-10-30 --crs EPSG:2437 --seven 七参数.json < 界桩.csv`

type locateCmd struct {
	At     string `help:"日期，默认今天 · Date, today if left out." placeholder:"YYYY-MM-DD"`
	CRS    string `name:"crs" help:"坐标系 · CRS of the positions." default:"EPSG:4490" placeholder:"CRS"`
	Format string `enum:"csv,ndjson" default:"csv" help:"输入输出的格式：csv 或 ndjson · Format of input and output." placeholder:"FORMAT"`
	sevenFlags
}

// Help returns the text of yutu locate --help.
func (locateCmd) Help() string { return locateHelp }

func (c locateCmd) Run(a *app) error {
	at, err := dayOrToday(c.At)
	if err != nil {
		return err
	}
	system, err := c.system(c.CRS)
	if err != nil {
		return err
	}
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	snapshot, err := atlas.Load(a.ctx, db.Store)
	if err != nil {
		return err
	}
	batch := atlas.Batch{Snapshot: snapshot, At: at, System: system, Say: a.say}
	run := batch.CSV
	if c.Format == "ndjson" {
		run = batch.NDJSON
	}
	tally, err := run(a.ctx, a.stdout, a.stdin)
	if err != nil {
		return err
	}
	if tally.Bad > 0 {
		a.tell("%d 行中有 %d 行不能定位，原因见 error。", "%d rows, %d of which cannot be located: see error.", tally.Rows, tally.Bad)
		return errReported
	}
	return nil
}

func dayOrToday(s string) (division.Date, error) {
	if s == "" {
		return division.Today(), nil
	}
	d, err := division.ParseDate(s)
	if err != nil {
		return 0, refuse("%q 不是日期，请写作 YYYY-MM-DD", "%q is not a date: write YYYY-MM-DD", s)
	}
	return d, nil
}

const searchHelp = `按名称、旧名或代码查找区划。

Finds divisions by name, former name or code.

    yutu search 安文`

type searchCmd struct {
	Query string `arg:"" help:"名称或代码 · Name or code."`
	At    string `help:"日期，默认今天 · Date, today if left out." placeholder:"YYYY-MM-DD"`
	Limit int    `help:"最多几条 · How many at most." default:"20"`
}

// Help returns the text of yutu search --help.
func (searchCmd) Help() string { return searchHelp }

func (c searchCmd) Run(a *app) error {
	at, err := dayOrToday(c.At)
	if err != nil {
		return err
	}
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	snapshot, err := atlas.Load(a.ctx, db.Store)
	if err != nil {
		return err
	}
	type hit struct {
		Code  division.Code `json:"code"`
		Name  string        `json:"name"`
		Level string        `json:"level"`
		Path  string        `json:"path"`
		Lon   float64       `json:"lon"`
		Lat   float64       `json:"lat"`
		// Former is true for what is no longer, or not yet, in force on the day.
		Former bool `json:"former"`
	}
	hits := []hit{}
	for _, h := range snapshot.Search(c.Query, at, c.Limit) {
		u := &h.Item.Unit
		// What is no longer in force stands where it stood on its last day.
		day := at
		if !u.Valid.Contains(at) {
			day = u.Valid.From
			if u.Valid.To != division.Future {
				day = u.Valid.To - 1
			}
		}
		var path []string
		for _, up := range snapshot.Chain(u.Code, day) {
			path = append(path, up.Unit.Name)
		}
		hits = append(hits, hit{u.Code, u.Name, u.Level.String(), strings.Join(append(path, u.Name), " · "), u.Label[0], u.Label[1], day != at})
	}
	if a.JSON {
		return a.writeJSON(hits)
	}
	for _, h := range hits {
		note := ""
		if h.Former {
			note = a.say(geo.Text{ZH: "（非现行）", EN: " (not in force)"})
		}
		fmt.Fprintf(a.stdout, "%s\t%s%s\t%.6f,%.6f\n", h.Code, h.Path, note, h.Lon, h.Lat)
	}
	if len(hits) == 0 {
		a.tell("没有找到“%s”。", `nothing found for "%s".`, c.Query)
	}
	return nil
}
