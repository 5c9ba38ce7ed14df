package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"yutu/data/atlas"
	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
)

const locateHelp = `标准输入为含 lon,lat 两列的 CSV；标准输出为同样的行，其后附上所在区划的代码与名称（省、市、县、乡、村）。

Reads CSV with the columns lon and lat from standard input and writes the same rows with code and name of the
divisions they lie in, from province to village.

    yutu locate --crs GCJ02 < 敬老院.csv`

type locateCmd struct {
	At  string `help:"日期，默认今天 · Date, today if left out." placeholder:"YYYY-MM-DD"`
	CRS string `name:"crs" help:"坐标系 · CRS of the positions." default:"EPSG:4490" placeholder:"CRS"`
}

// Help returns the text of yutu locate --help.
func (locateCmd) Help() string { return locateHelp }

func (c locateCmd) Run(a *app) error {
	at, err := dayOrToday(c.At)
	if err != nil {
		return err
	}
	system, err := crs.Parse(c.CRS)
	if err != nil {
		return err
	}
	in := csv.NewReader(skipBOM(a.stdin))
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return refuse("标准输入是空的，需要含 lon,lat 两列的 CSV", "standard input is empty: CSV with the columns lon and lat is needed")
	}
	if err != nil {
		return err
	}
	column := func(names ...string) int {
		return slices.IndexFunc(header, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	lon, lat := column("lon", "lng", "longitude", "x", "经度"), column("lat", "latitude", "y", "纬度")
	if lon < 0 || lat < 0 {
		return refuse("表头 %v 中没有 lon 和 lat 两列", "the header %v lacks the columns lon and lat", header)
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
	out := csv.NewWriter(a.stdout)
	for _, l := range division.Levels {
		header = append(header, l.String()+"_code", l.String()+"_name")
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for n := 2; ; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(row) <= max(lon, lat) {
			return refuse("第 %d 行的列数不足", "line %d has too few columns", n)
		}
		x, errX := strconv.ParseFloat(strings.TrimSpace(row[lon]), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(row[lat]), 64)
		if errX != nil || errY != nil {
			return refuse("第 %d 行的坐标 %q, %q 不是数字", "line %d: %q, %q are not numbers", n, row[lon], row[lat])
		}
		p, err := system.ToLonLat(x, y)
		if err != nil {
			return refuse("第 %d 行的坐标超出 %s 的范围：%v", "line %d lies outside the range of %s: %v", n, system, err)
		}
		cells := make([]string, 2*len(division.Levels))
		for _, item := range snapshot.Locate(p, at) {
			i := 2 * (int(item.Unit.Level) - 1)
			cells[i], cells[i+1] = string(item.Unit.Code), item.Unit.Name
		}
		if err := out.Write(append(row, cells...)); err != nil {
			return err
		}
		if a.ctx.Err() != nil {
			return a.ctx.Err()
		}
	}
	out.Flush()
	return out.Error()
}

// skipBOM drops the byte order mark that spreadsheets write in front of CSV.
func skipBOM(r io.Reader) io.Reader {
	head := make([]byte, 3)
	n, _ := io.ReadFull(r, head)
	if string(head[:n]) == "\ufeff" {
		return r
	}
	return io.MultiReader(bytes.NewReader(head[:n]), r)
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
