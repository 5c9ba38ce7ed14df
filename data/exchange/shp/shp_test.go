package shp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo"
)

// Five units: plain, with a hole, filling that hole, of two parts, and of two parts of which one has a hole.
const sample = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"330727001000","name":"安文街道","n":1,"f":1.5,"ok":true,"d":"2018-10-31"},"geometry":{"type":"Polygon","coordinates":[[[120.1,29],[120.2,29],[120.2,29.1],[120.1,29.1],[120.1,29]]]}},
{"type":"Feature","properties":{"code":"330727002000","name":"新渥街道","n":2,"f":-2.25,"ok":false,"d":"2018-10-31"},"geometry":{"type":"Polygon","coordinates":[[[120.2,29],[120.3,29],[120.3,29.1],[120.2,29.1],[120.2,29]],[[120.24,29.04],[120.24,29.06],[120.26,29.06],[120.26,29.04],[120.24,29.04]]]}},
{"type":"Feature","properties":{"code":"330727103000","name":"仁川镇","n":3,"f":0,"ok":true,"d":null},"geometry":{"type":"Polygon","coordinates":[[[120.24,29.04],[120.26,29.04],[120.26,29.06],[120.24,29.06],[120.24,29.04]]]}},
{"type":"Feature","properties":{"code":"330727104000","name":"大盘镇","n":4,"f":0,"ok":true,"d":null},"geometry":{"type":"MultiPolygon","coordinates":[[[[120.3,29],[120.4,29],[120.4,29.1],[120.3,29.1],[120.3,29]]],[[[120.5,29],[120.6,29],[120.6,29.1],[120.5,29]]]]}},
{"type":"Feature","properties":{"code":"330727105000","name":"方前镇","n":5,"f":0,"ok":true,"d":null},"geometry":{"type":"MultiPolygon","coordinates":[[[[120.1,29.2],[120.4,29.2],[120.4,29.5],[120.1,29.5],[120.1,29.2]],[[120.15,29.25],[120.15,29.45],[120.35,29.45],[120.35,29.25],[120.15,29.25]]],[[[120.2,29.3],[120.3,29.3],[120.3,29.4],[120.2,29.4],[120.2,29.3]]]]}}
]}`

// export lets GDAL, which is not ours, write a Shapefile and returns the path of its .shp.
func export(t testing.TB, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "in.geojson")
	if err := os.WriteFile(in, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "县.shp")
	cmd := exec.Command("ogr2ogr", slices.Concat([]string{"-f", "ESRI Shapefile", out, in}, args)...)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr (package gdal-bin): %v\n%s", err, b)
	}
	return out
}

func read(t testing.TB, path string) (Header, []Record, []geo.Finding) {
	t.Helper()
	var rs []Record
	h, fs, err := Read(context.Background(), path, Limits{}, nil, func(r Record) error {
		rs = append(rs, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, rs, fs
}

func rules(fs []geo.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Severity.String()+" "+f.Rule)
	}
	return strings.Join(out, ", ")
}

func TestReadsWhatGDALWrites(t *testing.T) {
	for _, kind := range []string{"POLYGON", "POLYGONZ", "POLYGONM"} {
		h, rs, fs := read(t, export(t, "-lco", "ENCODING=GBK", "-lco", "SHPT="+kind))
		if len(fs) != 0 {
			t.Fatalf("%s: %v", kind, fs)
		}
		if h.Records != 5 || len(rs) != 5 || h.Encoding != "GB18030" || !strings.Contains(h.PRJ, "WGS") {
			t.Fatalf("%s: %d records, header %+v", kind, len(rs), h)
		}
		want := []string{"330727001000", "安文街道", "1", "1.500000000000000", "1", "20181031"}
		if !reflect.DeepEqual(rs[0].Values, want) {
			t.Errorf("%s: values %q, want %q", kind, rs[0].Values, want)
		}
		shapes := fmt.Sprint(shapeOf(rs[0].Geom), shapeOf(rs[1].Geom), shapeOf(rs[3].Geom), shapeOf(rs[4].Geom))
		if shapes != "[5] [5/5] [5 4] [5/5 5]" {
			t.Errorf("%s: shapes %s", kind, shapes)
		}
		if p := rs[1].Geom[0][1].Bound(); p.Min != (orb.Point{120.24, 29.04}) || p.Max != (orb.Point{120.26, 29.06}) {
			t.Errorf("%s: hole at %v", kind, p)
		}
	}
}

// shapeOf writes how many vertices the rings have: shell/hole, parts apart.
func shapeOf(mp orb.MultiPolygon) []string {
	var out []string
	for _, p := range mp {
		var rings []string
		for _, r := range p {
			rings = append(rings, fmt.Sprint(len(r)))
		}
		out = append(out, strings.Join(rings, "/"))
	}
	return out
}

func TestEncodings(t *testing.T) {
	gbk, utf := export(t, "-lco", "ENCODING=GBK"), export(t, "-lco", "ENCODING=UTF-8")
	for _, c := range []struct {
		name, path, cpg string
		ldid            byte
		encoding, rules string
	}{
		{"GBK by .cpg", gbk, "GBK", 0, "GB18030", ""},
		{"GBK by number", gbk, "CP936", 0, "GB18030", ""},
		{"GBK by language byte", gbk, "", 0x4d, "GB18030", ""},
		{"GBK by text", gbk, "", 0, "GB18030", "info encoding-assumed"},
		{"GBK by text, ArcGIS's byte", gbk, "", 0x57, "GB18030", "info encoding-assumed"},
		{"UTF-8 by .cpg", utf, "UTF-8", 0, "UTF-8", ""},
		{"UTF-8 by text", utf, "", 0, "UTF-8", "info encoding-assumed"},
		{"GBK said to be UTF-8", gbk, "utf-8", 0, "GB18030", "warning encoding-contradicted"},
		{"GBK said to be Latin 1", gbk, "ISO-8859-1", 0, "GB18030", "warning encoding-unknown"},
		{"nonsense", gbk, "%%%", 0, "GB18030", "warning encoding-unknown"},
	} {
		stem := strings.TrimSuffix(c.path, ".shp")
		os.Remove(stem + ".cpg")
		if c.cpg != "" {
			os.WriteFile(stem+".cpg", []byte(c.cpg), 0o600)
		}
		patch(t, stem+".dbf", 29, []byte{c.ldid})
		h, rs, fs := read(t, c.path)
		if h.Encoding != c.encoding || rules(fs) != c.rules || rs[1].Values[1] != "新渥街道" {
			t.Errorf("%s: %s, name %q, findings %s", c.name, h.Encoding, rs[1].Values[1], rules(fs))
		}
	}
}

// 联通 in GBK is valid UTF-8; it reads as letters that no Chinese table is made of.
func TestGBKThatHappensToBeValidUTF8(t *testing.T) {
	var s survey
	s.add([]byte{0xc1, 0xaa, 0xcd, 0xa8})
	if c := chooseEncoding("", 0, s); c.name != "GB18030" {
		t.Errorf("联通 was taken for %s", c.name)
	}
}

func patch(t testing.TB, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// files reads all files of the Shapefile, by ending.
func files(t testing.TB, path string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	have, err := Siblings(path)
	if err != nil {
		t.Fatal(err)
	}
	for ext, p := range have {
		if ext != ".geojson" {
			if out[ext], err = os.ReadFile(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// write puts files beside each other into a new folder.
func write(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for ext, b := range files {
		if err := os.WriteFile(filepath.Join(dir, "x"+ext), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "x.shp")
}

// Cut at every single byte: what is whole is delivered as it is, and a finding says that something is missing.
func TestEveryCutIsFound(t *testing.T) {
	path := export(t, "-lco", "ENCODING=GBK")
	whole := files(t, path)
	_, want, _ := read(t, path)
	for _, c := range []struct {
		ext, rules string
		severity   geo.Severity
	}{
		{".shp", "shp-truncated shp-header shp-shorter", geo.Error},
		{".dbf", "dbf-truncated dbf-header dbf-shorter", geo.Error},
		{".shx", "shx-damaged", geo.Warning},
	} {
		dir := t.TempDir()
		for ext, b := range whole {
			if err := os.WriteFile(filepath.Join(dir, "x"+ext), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for n := range whole[c.ext] {
			if c.ext == ".dbf" && n == len(whole[".dbf"])-1 {
				continue // the end mark alone, which many writers leave out
			}
			if err := os.WriteFile(filepath.Join(dir, "x"+c.ext), whole[c.ext][:n], 0o600); err != nil {
				t.Fatal(err)
			}
			_, got, fs := read(t, filepath.Join(dir, "x.shp"))
			if len(got) > len(want) || !reflect.DeepEqual(got, want[:len(got):len(got)]) && len(got) > 0 {
				t.Fatalf("%s cut at %d: the records that are left differ", c.ext, n)
			}
			if c.ext == ".shx" && len(got) != len(want) {
				t.Fatalf(".shx cut at %d: %d records", n, len(got))
			}
			worst, _ := geo.Worst(fs)
			named := slices.ContainsFunc(fs, func(f geo.Finding) bool {
				return strings.Contains(c.rules, f.Rule) && f.File != "" && f.Message.ZH != "" && f.Message.EN != ""
			})
			if worst != c.severity || !named {
				t.Fatalf("%s cut at %d: %s", c.ext, n, rules(fs))
			}
		}
	}
}

func TestMissingFiles(t *testing.T) {
	whole := files(t, export(t))
	for _, c := range []struct {
		ext, want string
		records   int
	}{
		{".shx", "warning shx-missing", 5},
		{".dbf", "error dbf-missing", 0},
		{".prj", "", 5},
		{".cpg", "", 5},
	} {
		fs := maps.Clone(whole)
		delete(fs, c.ext)
		_, rs, found := read(t, write(t, fs))
		if got := strings.ReplaceAll(rules(found), "info encoding-assumed", ""); got != c.want || len(rs) != c.records {
			t.Errorf("without %s: %d records, %s", c.ext, len(rs), rules(found))
		}
	}
}

func TestSiblingsInOtherCase(t *testing.T) {
	dir := t.TempDir()
	for ext, b := range files(t, export(t, "-lco", "ENCODING=GBK")) {
		os.WriteFile(filepath.Join(dir, "County"+strings.ToUpper(ext)), b, 0o600)
	}
	if _, rs, fs := read(t, filepath.Join(dir, "County.SHP")); len(rs) != 5 || len(fs) != 0 {
		t.Errorf("%d records, %s", len(rs), rules(fs))
	}
}

// Sizes that no file has: each is named, and none is believed.
func TestDeclaredSizesAreNotBelieved(t *testing.T) {
	whole := files(t, export(t, "-lco", "ENCODING=GBK"))
	big := []byte{0x7f, 0xff, 0xff, 0xff}
	for _, c := range []struct {
		name, ext string
		at        int
		b         []byte
		want      string
	}{
		{"5 GB in the header", ".shp", 24, big, "shp-truncated"},
		{"record of 4 GB", ".shp", 104, big, "shp-truncated"},
		{"2 billion parts", ".shp", 100 + 8 + 36, []byte{0xff, 0xff, 0xff, 0x7f}, "shp-record"},
		{"2 billion points", ".shp", 100 + 8 + 40, []byte{0xff, 0xff, 0xff, 0x7f}, "shp-record"},
		{"part beyond the points", ".shp", 100 + 8 + 44, []byte{0xff, 0xff, 0xff, 0x7f}, "shp-record"},
		{"4 billion rows", ".dbf", 4, []byte{0xff, 0xff, 0xff, 0xff}, "dbf-truncated"},
		{"header of 64 KiB", ".dbf", 8, []byte{0xff, 0xff}, "dbf-header"},
		{"rows of 64 KiB", ".dbf", 10, []byte{0xff, 0xff}, "dbf-truncated"},
		{"rows of no bytes", ".dbf", 10, []byte{0, 0}, "dbf-header"},
		{"rows shorter than their columns", ".dbf", 10, []byte{9, 0}, "dbf-header"},
		{"offset beyond the file", ".shx", 100, big, "shp-truncated"},
		{"another kind of shape", ".shp", 32, []byte{3, 0, 0, 0}, "geometry-kind"},
		{"no Shapefile", ".shp", 0, []byte("GIF8"), "shp-header"},
	} {
		fs := maps.Clone(whole)
		fs[c.ext] = slices.Clone(fs[c.ext])
		copy(fs[c.ext][c.at:], c.b)
		path := write(t, fs)
		before := allocated()
		_, _, found := read(t, path)
		if used := allocated() - before; used > 4<<20 {
			t.Errorf("%s: %d bytes allocated for a file of %d", c.name, used, len(fs[".shp"])+len(fs[".dbf"]))
		}
		worst, _ := geo.Worst(found)
		if !strings.Contains(rules(found), c.want) || worst != geo.Error {
			t.Errorf("%s: %s, want %s", c.name, rules(found), c.want)
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// An index whose entries all point at one big shape would multiply it without end.
func TestIndexThatMultipliesAShape(t *testing.T) {
	fs := files(t, export(t))
	entry := fs[".shx"][100+8*4:]
	many := slices.Clone(fs[".shx"][:100])
	for range 5000 {
		many = append(many, entry...)
	}
	binary.BigEndian.PutUint32(many[24:], uint32(len(many)/2))
	fs[".shx"] = many
	_, rs, found := read(t, write(t, fs))
	if len(rs) > 5 || !strings.Contains(rules(found), "error shx-damaged") {
		t.Errorf("%d records, %s", len(rs), rules(found))
	}
}

// A shape that was edited is written behind the others and the old one stays as a gap, which only the index shows.
func TestGapsAreSkippedByTheIndex(t *testing.T) {
	fs := files(t, export(t))
	shp := fs[".shp"]
	second := int(binary.BigEndian.Uint32(fs[".shx"][108:])) * 2
	length := 8 + int(binary.BigEndian.Uint32(fs[".shx"][112:]))*2
	moved := append(slices.Clone(shp), shp[second:second+length]...)
	for i := range length - 8 {
		moved[second+8+i] = 0xee
	}
	binary.BigEndian.PutUint32(moved[24:], uint32(len(moved)/2))
	index := slices.Clone(fs[".shx"])
	binary.BigEndian.PutUint32(index[108:], uint32(len(shp)/2))
	_, want, _ := read(t, write(t, fs))
	fs[".shp"], fs[".shx"] = moved, index
	_, got, found := read(t, write(t, fs))
	if len(found) > 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d records, %s", len(got), rules(found))
	}
}

func TestRowsThatAreDeletedOrCut(t *testing.T) {
	fs := files(t, export(t, "-lco", "ENCODING=UTF-8"))
	dbf := fs[".dbf"]
	head, width := int(binary.LittleEndian.Uint16(dbf[8:])), int(binary.LittleEndian.Uint16(dbf[10:]))
	dbf[head+width] = '*'
	// Fill the name of the first row to its width, ending in two bytes of a character of three.
	nameAt, nameLen := head+1+int(dbf[32+16]), int(dbf[64+16])
	text := strings.Repeat("渥", nameLen/3+1)
	copy(dbf[nameAt:nameAt+nameLen], text)
	_, rs, found := read(t, write(t, fs))
	if len(rs) != 4 || rs[1].Number != 3 {
		t.Errorf("%d records, the second is %d", len(rs), rs[1].Number)
	}
	want := "info dbf-deleted"
	if nameLen%3 != 0 {
		want += ", warning text-cut"
	}
	if rules(found) != want || strings.Trim(rs[0].Values[1], "渥") != "" {
		t.Errorf("%s, want %s; name %q", rules(found), want, rs[0].Values[1])
	}
}

// A table can declare two thousand columns of no width: they would cost a row of one byte 32 KiB.
func TestColumnsWithoutWidth(t *testing.T) {
	fs := files(t, export(t))
	old := fs[".dbf"]
	first := slices.Clone(old[32:64])
	none := slices.Clone(first)
	none[16] = 0
	dbf := append(slices.Clone(old[:32]), first...)
	for range 1500 {
		dbf = append(dbf, none...)
	}
	dbf = append(dbf, 0x0d)
	head := len(dbf)
	width := 1 + int(first[16])
	for range 5 {
		dbf = append(dbf, bytes.Repeat([]byte{' '}, width)...)
	}
	binary.LittleEndian.PutUint16(dbf[8:], uint16(head))
	binary.LittleEndian.PutUint16(dbf[10:], uint16(width))
	fs[".dbf"] = dbf
	h, rs, found := read(t, write(t, fs))
	if len(h.Fields) != 1 || len(rs) != 5 || len(rs[0].Values) != 1 {
		t.Errorf("%d columns, %d records, %s", len(h.Fields), len(rs), rules(found))
	}
}

// The byte behind the length is the high byte of long text columns, and anything at all in older tables.
func TestHighByteOfLengths(t *testing.T) {
	fs := files(t, export(t, "-lco", "ENCODING=GBK"))
	_, want, _ := read(t, write(t, fs))
	fs[".dbf"][32+17] = 3
	_, got, found := read(t, write(t, fs))
	if !reflect.DeepEqual(got, want) || len(found) != 0 {
		t.Errorf("%d records, %s", len(got), rules(found))
	}
}

func TestLogicalAndOverflownValues(t *testing.T) {
	tab := &table{}
	for _, c := range []struct {
		kind     byte
		in, want string
	}{
		{'L', "T", "true"}, {'L', "n", "false"}, {'L', "?", ""}, {'L', " ", ""},
		{'N', "****", ""}, {'N', "  12 ", "12"}, {'F', " 1.5e3", "1.5e3"}, {'N', "\x00\x00", ""},
		{'D', "20181031", "20181031"}, {'D', "00000000", ""}, {'D', "        ", ""},
		{'C', "ab  ", "ab"}, {'C', "ab\x00zz", "ab"}, {'M', "0000000001", "0000000001"},
	} {
		if got := tab.value(&Field{Type: c.kind, Length: len(c.in)}, []byte(c.in), 1); got != c.want {
			t.Errorf("%c %q = %q, want %q", c.kind, c.in, got, c.want)
		}
	}
}

// Holes are holes by where they lie, in whatever sense the rings run and in whatever order they come.
func TestHolesAreAssignedByContainment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		box := func(x, y, size float64) orb.Ring {
			return orb.Ring{{x, y}, {x, y + size}, {x + size, y + size}, {x + size, y}, {x, y}}
		}
		var rings []orb.Ring
		parts, holes := rapid.IntRange(1, 4).Draw(t, "parts"), 0
		for i := range parts {
			x := float64(20 * i)
			rings = append(rings, box(x, 0, 10))
			for h := range rapid.IntRange(0, 3).Draw(t, "holes") {
				rings = append(rings, box(x+1+3*float64(h), 1, 2))
				holes++
				if rapid.Bool().Draw(t, "island") {
					rings = append(rings, box(x+1.5+3*float64(h), 1.5, 1))
					parts++
				}
			}
		}
		perm := rapid.Permutation(rings).Draw(t, "order")
		for i := range perm {
			perm[i] = slices.Clone(perm[i])
			if rapid.Bool().Draw(t, "reverse") {
				slices.Reverse(perm[i])
			}
		}
		var n nester
		mp, _, ok := n.assemble(perm)
		if !ok {
			t.Fatal("gave up")
		}
		got := 0
		for _, p := range mp {
			for _, h := range p[1:] {
				got++
				if b := p[0].Bound(); !b.Contains(h[0]) || b.Max[0]-b.Min[0] != 10 {
					t.Fatalf("hole %v in shell %v", h, p[0])
				}
			}
		}
		if len(mp) != parts || got != holes {
			t.Fatalf("%d parts and %d holes, want %d and %d", len(mp), got, parts, holes)
		}
	})
}

func TestRingsAgainstTheirPlaceAreReported(t *testing.T) {
	out := orb.Ring{{0, 0}, {0, 9}, {9, 9}, {9, 0}, {0, 0}} // clockwise: an area
	hole := orb.Ring{{1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}}
	reversed := func(r orb.Ring) orb.Ring {
		r = slices.Clone(r)
		slices.Reverse(r)
		return r
	}
	for _, c := range []struct {
		name string
		in   []orb.Ring
		odd  bool
	}{
		{"by the rule", []orb.Ring{out, hole}, false},
		{"all the other way round", []orb.Ring{reversed(out), reversed(hole)}, false},
		{"a hole that runs like an area", []orb.Ring{out, reversed(hole)}, true},
		{"one ring the other way round", []orb.Ring{reversed(out)}, false},
	} {
		var n nester
		_, odd, _ := n.assemble(c.in)
		if (odd != nil) != c.odd {
			t.Errorf("%s: %+v", c.name, odd)
		}
	}
}

// Ten thousand rings, each in the last: nobody's county, and no reason to work for minutes.
func TestHostileNestingEnds(t *testing.T) {
	var rings []orb.Ring
	for i := range 10_000 {
		x := float64(i)
		rings = append(rings, orb.Ring{{x, x}, {x, 50000 - x}, {50000 - x, 50000 - x}, {50000 - x, x}, {x, x}})
	}
	var n nester
	if _, _, ok := n.assemble(rings); ok {
		t.Error("was sorted all the same")
	}
}

func TestCallerCanStop(t *testing.T) {
	path := export(t)
	stop := errors.New("stop")
	if _, _, err := Read(context.Background(), path, Limits{}, nil, func(Record) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Read(ctx, path, Limits{}, nil, func(Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestLimitsAreKept(t *testing.T) {
	path := export(t)
	for _, lim := range []Limits{{MaxFileBytes: 200}, {MaxVertices: 4}} {
		n := 0
		_, fs, err := Read(context.Background(), path, lim, nil, func(Record) error { n++; return nil })
		if worst, _ := geo.Worst(fs); err != nil || worst != geo.Error || n != 0 {
			t.Errorf("%+v: %d records, %s, %v", lim, n, rules(fs), err)
		}
	}
}

func FuzzRead(f *testing.F) {
	whole := files(f, export(f, "-lco", "ENCODING=GBK"))
	f.Add(whole[".shp"], whole[".shx"], whole[".dbf"], "GBK")
	f.Add(whole[".shp"], []byte{}, whole[".dbf"], "")
	f.Add(whole[".shp"][:300], whole[".shx"], whole[".dbf"][:400], "UTF-8")
	f.Fuzz(func(t *testing.T, shp, shx, dbf []byte, cpg string) {
		in := map[string][]byte{".shp": shp, ".dbf": dbf, ".cpg": []byte(cpg)}
		if len(shx) > 0 {
			in[".shx"] = shx
		}
		path := write(t, in)
		size := uint64(len(shp) + len(shx) + len(dbf))
		before := allocated()
		h, rs, fs := read(t, path)
		if used := allocated() - before; used > 4<<20+400*size {
			t.Errorf("%d bytes allocated for %d bytes of input", used, size)
		}
		for _, r := range rs {
			if len(r.Values) != len(h.Fields) {
				t.Errorf("record %d has %d values for %d columns", r.Number, len(r.Values), len(h.Fields))
			}
		}
		for _, f := range fs {
			if f.Rule == "" || f.File == "" || f.Message.ZH == "" || f.Message.EN == "" {
				t.Errorf("finding without words: %+v", f)
			}
		}
		if bytes.Equal(shp, whole[".shp"]) && bytes.Equal(dbf, whole[".dbf"]) && bytes.Equal(shx, whole[".shx"]) && len(rs) != 5 {
			t.Errorf("%d records of the whole file", len(rs))
		}
	})
}
