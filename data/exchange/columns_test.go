package exchange

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

func p(key, json string) property { return property{key, json} }

// Files as their publishers write them, by the columns that matter.
func TestColumnsOfKnownPublishers(t *testing.T) {
	box := orb.MultiPolygon{{square(120.3, 28.9, 0.01)}}
	for _, c := range []struct {
		name    string
		props   []property
		o       Options
		columns string
		want    division.Unit
	}{
		{"own", []property{p("code", `"330727001000"`), p("name", `"安文街道"`), p("level", `"township"`), p("type", `"街道"`), p("parent", `"330727000000"`), p("valid_from", `"2018-10-31"`), p("valid_to", `null`), p("secrecy", `"public"`), p("source", `"浙政函〔2018〕1号"`), p("synthetic", `true`)}, Options{},
			"code name level type parent valid_from valid_to secrecy source synthetic",
			division.Unit{Code: "330727001000", Name: "安文街道", Level: 4, Type: "街道", Parent: "330727000000", Source: "浙政函〔2018〕1号", Secrecy: division.Public, Synthetic: true}},
		{"国土调查 XZQ", []property{p("BSM", "1"), p("YSDM", `"1000600100"`), p("XZQDM", `"330727001"`), p("XZQMC", `"安文街道"`), p("DCMJ", "1.5"), p("JSMJ", "1.5"), p("MSSM", `"00"`)}, Options{},
			"XZQDM XZQMC", division.Unit{Code: "330727001000", Name: "安文街道", Level: 4, Type: "街道"}},
		{"国土调查 CJDCQ", []property{p("ZLDWDM", `"3307270012010000000"`), p("ZLDWMC", `"墨林村民委员会"`)}, Options{},
			"ZLDWDM ZLDWMC", division.Unit{Code: "330727001201", Name: "墨林村民委员会", Level: 5, Type: "村民委员会"}},
		{"DataV", []property{p("adcode", "330727"), p("name", `"磐安县"`), p("center", "[120.4,29]"), p("childrenNum", "0"), p("level", `"district"`), p("parent", `{"adcode":330700}`), p("subFeatureIndex", "8")}, Options{},
			"adcode name level parent", division.Unit{Code: "330727000000", Name: "磐安县", Level: 3, Type: "县", Parent: "330700000000"}},
		{"DataV, province", []property{p("adcode", "330000"), p("name", `"浙江省"`), p("level", `"province"`), p("parent", `{"adcode":100000}`)}, Options{},
			"adcode name level parent", division.Unit{Code: "330000000000", Name: "浙江省", Level: 1, Type: "省"}},
		{"天地图", []property{p("name", `"磐安县"`), p("gb", `"156330727"`)}, Options{},
			"gb name", division.Unit{Code: "330727000000", Name: "磐安县", Level: 3, Type: "县"}},
		{"基础地理信息", []property{p("GB", "630201"), p("PAC", "330727"), p("NAME", `"磐安县"`)}, Options{},
			"PAC NAME", division.Unit{Code: "330727000000", Name: "磐安县", Level: 3, Type: "县"}},
		{"统计局", []property{p("统计用区划代码", `"330727001201"`), p("城乡分类代码", `"220"`), p("名称", `"墨林村委会"`)}, Options{},
			"统计用区划代码 名称", division.Unit{Code: "330727001201", Name: "墨林村委会", Level: 5, Type: "村民委员会"}},
		{"all levels in one row", []property{p("省代码", `"33"`), p("省", `"浙江省"`), p("县代码", `"330727"`), p("县", `"磐安县"`), p("乡代码", `"330727001"`), p("乡", `"安文街道"`), p("村代码", `"330727001201"`), p("村", `"墨林村"`)}, Options{},
			"村代码 村", division.Unit{Code: "330727001201", Name: "墨林村", Level: 5, Type: "村民委员会"}},
		{"all levels in one row, townships asked for", []property{p("县代码", `"330727"`), p("县", `"磐安县"`), p("乡代码", `"330727001"`), p("乡", `"安文街道"`), p("村代码", `"330727001201"`), p("村", `"墨林村"`)}, Options{Level: division.Township},
			"乡代码 乡", division.Unit{Code: "330727001000", Name: "安文街道", Level: 4, Type: "街道"}},
		{"code of the county, name of the township beside", []property{p("县代码", `"330727"`), p("县", `"磐安县"`), p("乡镇", `"安文街道"`)}, Options{},
			"县代码 县", division.Unit{Code: "330727000000", Name: "磐安县", Level: 3, Type: "县"}},
		{"numbers that went through a spreadsheet", []property{p("区划代码", "330727001000.0"), p("名称", `"安文街道"`), p("级别", "4")}, Options{},
			"区划代码 名称 级别", division.Unit{Code: "330727001000", Name: "安文街道", Level: 4, Type: "街道"}},
		{"a column named code that holds none", []property{p("code", `"A-17"`), p("区划代码", `"330727001"`), p("name", `"7"`), p("名称", `"安文街道"`)}, Options{},
			"区划代码 名称", division.Unit{Code: "330727001000", Name: "安文街道", Level: 4, Type: "街道"}},
		{"--map", []property{p("A", `"330727001"`), p("B", `"安文街道"`), p("code", `"330727002"`)}, Options{Map: map[string]string{"code": "A", "name": "b"}},
			"A B", division.Unit{Code: "330727001000", Name: "安文街道", Level: 4, Type: "街道"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := check1(t, put(t, "x.geojson", collection([]string{feature(box, c.props...)})), c.o, nil)
			if len(d.Findings) != 0 || len(d.Units) != 1 {
				t.Fatalf("%d units, %+v", len(d.Units), d.Findings)
			}
			var cols []string
			for _, f := range fields {
				if n, ok := d.Columns[f]; ok {
					cols = append(cols, n)
				}
			}
			if got := strings.Join(cols, " "); got != c.columns {
				t.Errorf("columns %s, want %s", got, c.columns)
			}
			g, w := d.Units[0], c.want
			if w.Source == "" {
				w.Source = "x.geojson"
			}
			if g.Code != w.Code || g.Name != w.Name || g.Level != w.Level || g.Type != w.Type || g.Parent != w.Parent || g.Source != w.Source || g.Secrecy != w.Secrecy || g.Synthetic != w.Synthetic {
				t.Errorf("got %+v, want %+v", g, w)
			}
		})
	}
}

func TestOwnFieldsAreReadBack(t *testing.T) {
	d := check1(t, put(t, "x.geojson", collection([]string{village("330727001", "安文街道", orb.MultiPolygon{{square(120.3, 28.9, 0.01)}},
		p("valid_from", `"2018-10-31"`), p("valid_to", `"2030年1月1日"`), p("secrecy", `"内部"`))})), Options{Secrecy: division.Public}, nil)
	u := d.Units[0]
	if u.Valid.From.String() != "2018-10-31" || u.Valid.To.String() != "2030-01-01" || u.Secrecy != division.Internal || !d.HasValidRange {
		t.Errorf("%+v %+v", u, d.Findings)
	}
	yes := true
	d = check1(t, put(t, "x.geojson", collection([]string{village("330727001", "安文街道", orb.MultiPolygon{{square(120.3, 28.9, 0.01)}})})), Options{Secrecy: division.Public, Source: "S", Synthetic: &yes}, nil)
	if u := d.Units[0]; u.Secrecy != division.Public || u.Source != "S" || !u.Synthetic {
		t.Errorf("%+v", u)
	}
	if d := check1(t, put(t, "x.geojson", collection(featuresOf(county()))), Options{}, nil); d.Units[0].Secrecy != division.Secret {
		t.Error("a file that says nothing must be secret")
	}
}

func TestColumnsThatCannotBeFound(t *testing.T) {
	box := orb.MultiPolygon{{square(120.3, 28.9, 0.01)}}
	for _, c := range []struct {
		name  string
		props []property
		m     map[string]string
		want  string
		says  []string
	}{
		{"neither", []property{p("A", `"1"`), p("B", `"2"`)}, nil, "error column-missing, error column-missing", []string{"A, B", "--map code="}},
		{"--map to nothing", []property{p("code", `"330727"`), p("name", `"磐安县"`)}, map[string]string{"code": "XZQDM"}, "error map-column", []string{"XZQDM", "code, name"}},
		{"--map of nothing", []property{p("code", `"330727"`), p("name", `"磐安县"`)}, map[string]string{"kode": "code"}, "error map-field", []string{"kode", "valid_from"}},
		{"two that differ", []property{p("code", `"330727"`), p("adcode", `"330726"`), p("name", `"磐安县"`)}, nil, "warning column-ambiguous", []string{"code", "adcode", "--map code=adcode"}},
		{"two that agree", []property{p("code", `"330727"`), p("adcode", `"330727"`), p("name", `"磐安县"`)}, nil, "", nil},
	} {
		d := check1(t, put(t, "x.geojson", collection([]string{feature(box, c.props...)})), Options{Map: c.m}, nil)
		if got := rulesOf(d.Findings); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
			continue
		}
		for _, s := range c.says {
			if f := d.Findings[0]; !strings.Contains(f.Message.EN+f.Advice.EN, s) || !strings.Contains(f.Message.ZH+f.Advice.ZH, s) {
				t.Errorf("%s: %q is not said: %+v", c.name, s, f)
			}
		}
	}
}

// Names of columns that a .dbf cuts at ten bytes, by GDAL's own cutting.
func TestNamesCutByShapefiles(t *testing.T) {
	box := orb.MultiPolygon{{square(120.3, 28.9, 0.01)}}
	for _, c := range []struct{ code, name, encoding string }{
		{"行政区划代码", "行政区划名称", "GBK"},
		{"统计用区划代码", "标准名称", "GBK"},
		{"行政区划代码", "名称", "UTF-8"},
		{"统计用区划代码", "标准名称", "UTF-8"},
		{"division_code", "division_name", "UTF-8"},
		{"township_code", "township_name", "GBK"},
	} {
		in := put(t, "x.geojson", collection([]string{feature(box, p(c.code, `"330727001000"`), p(c.name, `"安文街道"`))}))
		out := filepath.Join(t.TempDir(), "x.shp")
		ogr2ogr(t, "-f", "ESRI Shapefile", "-lco", "ENCODING="+c.encoding, out, in)
		d := check1(t, out, Options{}, nil)
		if len(d.Units) != 1 || len(d.Findings) != 0 || d.Units[0].Code != "330727001000" || d.Units[0].Name != "安文街道" {
			t.Errorf("%s %s in %s: columns %v, %+v", c.code, c.name, c.encoding, d.Columns, d.Findings)
		}
	}
}

// The tables are data that people edit: what they promise is checked here.
func TestTablesAreSound(t *testing.T) {
	seen := map[string]string{}
	for _, row := range mustCSV(columnsCSV, 5) {
		if row[4] == "" {
			t.Errorf("%s has no source", row[2])
		}
		n := normalize(row[2])
		if other, ok := seen[n]; ok {
			t.Errorf("%s stands for %s and for %s", row[2], other, row[0])
		}
		seen[n] = row[0]
	}
	for _, f := range fields {
		if seen[normalize(f)] != f {
			t.Errorf("our own field %s is not among the names", f)
		}
	}
	for _, row := range append(mustCSV(typesCSV, 4), mustCSV(codesCSV, 3)...) {
		if row[len(row)-1] == "" {
			t.Errorf("%v has no source", row)
		}
	}
	for name, want := range map[string]string{"4 安文街道": "街道", "4 玉山镇": "镇", "4 双溪乡": "乡", "4 景宁畲族乡": "民族乡", "4 红旗民族乡": "民族乡", "5 墨林村": "村民委员会", "5 海螺社区": "居民委员会",
		"3 磐安县": "县", "3 景宁畲族自治县": "自治县", "3 婺城区": "市辖区", "3 东阳市": "县级市", "2 金华市": "地级市", "1 浙江省": "省", "1 广西壮族自治区": "自治区", "4 县": "", "4 开发区": ""} {
		var level division.Level
		var unit string
		fmt.Sscan(name, &level, &unit)
		if got := kindOf(unit, level); got != want {
			t.Errorf("%s is a %q, want %q", name, got, want)
		}
	}
	for _, k := range []string{"country-prefix", "country-code", "village-tail", "open-end"} {
		if codes[k] == "" {
			t.Errorf("codes.csv lacks %s, has %v", k, maps.Clone(codes))
		}
	}
}
