package crs

import (
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// definitions returns what PROJ writes for a system, by dialect.
func definitions(t testing.TB, name string) map[string]string {
	t.Helper()
	if m, ok := defined.Load(name); ok {
		return m.(map[string]string)
	}
	out, err := exec.Command("projinfo", "-o", "PROJ,WKT1:GDAL,WKT1:ESRI,WKT2:2015,WKT2:2019", name).Output()
	if err != nil {
		t.Fatalf("projinfo (Debian package proj-bin) %s: %v", name, err)
	}
	m := map[string]string{}
	for part := range strings.SplitSeq(string(out), "\n\n") {
		head, body, ok := strings.Cut(strings.TrimSpace(part), " string:\n")
		if ok {
			m[head] = body
		}
	}
	if len(m) < 3 {
		t.Fatalf("projinfo wrote %d definitions of %s", len(m), name)
	}
	defined.Store(name, m)
	return m
}

// defined spares asking PROJ twice: each answer takes it 30 ms.
var defined sync.Map

func TestFromWKTReadsWhatPROJWrites(t *testing.T) {
	for id := firstZoneEPSG; id <= lastZoneEPSG+3; id++ {
		c := CRS{int16(id)}
		if id > lastZoneEPSG {
			c = []CRS{CGCS2000, WGS84, WebMercator}[id-lastZoneEPSG-1]
		}
		for dialect, wkt := range definitions(t, c.String()) {
			if dialect == "PROJ.4" {
				continue
			}
			if got, err := FromWKT(wkt); got != c || err != nil {
				t.Errorf("%s %s: %v %v\n%s", c, dialect, got, err, wkt)
			}
			// Without the code, and then without a name that helps, the parameters must do.
			anonymous := strings.ReplaceAll(wkt, `"EPSG"`, `"NONE"`)
			if got, err := FromWKT(anonymous); !sameArithmetic(got, c) || err != nil {
				t.Errorf("%s %s without its code: %v %v\n%s", c, dialect, got, err, anonymous)
			}
			if z, ok := c.zone(); ok {
				anonymous = strings.NewReplacer(epsgName(z), "磐安县坐标", esriName(z), "panan").Replace(anonymous)
				if got, err := FromWKT(anonymous); !sameArithmetic(got, c) || err != nil {
					t.Errorf("%s %s by parameters: %v %v\n%s", c, dialect, got, err, anonymous)
				}
			}
			for cut := 0; cut < len(wkt) && id%16 == 0; cut += 7 {
				if _, err := FromWKT(wkt[:cut]); err == nil {
					t.Errorf("%s %s cut at %d was read", c, dialect, cut)
				}
			}
		}
	}
}

func TestFromWKTRefusesOtherSystems(t *testing.T) {
	for name, want := range map[string]string{
		"EPSG:4610":      "local transformation parameters", // Xi'an 1980
		"EPSG:2385":      "local transformation parameters", // Xi'an 1980 / 3-degree CM 120E
		"EPSG:2362":      "local transformation parameters",
		"EPSG:4214":      "local transformation parameters", // Beijing 1954
		"EPSG:2437":      "local transformation parameters", // Beijing 1954 / 3-degree CM 120E
		"EPSG:21421":     "local transformation parameters", // Beijing 1954 / zone 21
		"EPSG:4555":      "local transformation parameters", // New Beijing
		"EPSG:4796":      "local transformation parameters",
		"EPSG:32651":     "",                            // WGS 84 / UTM 51N
		"EPSG:3395":      "not supported",               // WGS 84 / World Mercator
		"EPSG:4326+5773": "",                            // with a height: the horizontal part counts
		"EPSG:4269":      "neither CGCS2000 nor WGS 84", // NAD83
		"EPSG:4258":      "neither CGCS2000 nor WGS 84", // ETRS89, on the same ellipsoid
		"EPSG:4978":      "",
	} {
		for dialect, wkt := range func() map[string]string {
			if name == "EPSG:4978" || strings.Contains(name, "+") {
				out, err := exec.Command("projinfo", "-q", "-o", "WKT2:2015", name).Output()
				if err != nil {
					t.Fatal(err)
				}
				return map[string]string{"WKT2:2015": string(out)}
			}
			return definitions(t, name)
		}() {
			if dialect == "PROJ.4" {
				continue
			}
			for _, text := range []string{wkt, strings.ReplaceAll(wkt, `"EPSG"`, `"NONE"`)} {
				got, err := FromWKT(text)
				if strings.Contains(name, "+") {
					if got != WGS84 || err != nil {
						t.Errorf("%s: %v %v", name, got, err)
					}
					continue
				}
				if !errors.Is(err, ErrUnsupported) || text == wkt && !strings.Contains(err.Error(), want) {
					t.Errorf("%s %s: %v %v", name, dialect, got, err)
				}
			}
		}
	}
}

const wkt120 = `PROJCS["CGCS2000_3_Degree_GK_CM_120E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",` +
	`SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],` +
	`PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",120.0],PARAMETER["Scale_Factor",1.0],` +
	`PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`

func TestFromWKTByHand(t *testing.T) {
	change := func(pairs ...string) string {
		out := strings.NewReplacer(pairs...).Replace(wkt120)
		if out == wkt120 && len(pairs) > 0 {
			t.Fatalf("%q changes nothing", pairs)
		}
		return out
	}
	anonymous := []string{"CGCS2000_3_Degree_GK_CM_120E", "unnamed"}
	for _, c := range []struct {
		wkt  string
		want CRS
		says string
	}{
		{change(), CRS{4549}, ""},
		{"\ufeff " + strings.ReplaceAll(change(), ",", " ,\n\t") + "\x00\r\n", CRS{4549}, ""},
		{strings.NewReplacer("[", "(", "]", ")").Replace(change()), CRS{4549}, ""},
		{`PROJCS["CGCS2000_3_Degree_GK_Zone_40"]`, CRS{4528}, ""},
		{`PROJCS["CGCS2000 / 3-degree Gauss-Krüger zone 40"]`, CRS{4528}, ""},
		{`PROJCS["CGCS2000 / 3-degree Gauss-Krueger CM 120E"]`, CRS{4549}, ""},
		{`GEOGCS["GCS_WGS_1984"]`, WGS84, ""},
		{change(append(anonymous, "500000.0", "40500000")...), CRS{4528}, ""},
		{change(append(anonymous, "500000.0", "20500000", "120.0", "117")...), CRS{4498}, ""},
		{change(append(anonymous, "D_China_2000", "D_CGCS_2000", "GCS_China_Geodetic_Coordinate_System_2000", "x")...), CRS{4549}, ""},
		{change(append(anonymous, "298.257222101", "298.257223563")...), CRS{4549}, ""},
		// Contradictions and what is missing.
		{change("120.0", "117.0"), CRS{}, "its parameters are those of EPSG:4548"},
		{change("500000.0", "40500000.0"), CRS{}, "its parameters are those of EPSG:4528"},
		{change("6378137.0", "6378140.0"), CRS{}, "its ellipsoid"},
		{change(append(anonymous, "120.0", "120.5")...), CRS{}, "central meridian 120.5°"},
		{change(append(anonymous, `PARAMETER["Scale_Factor",1.0]`, `PARAMETER["Scale_Factor",0.9996]`)...), CRS{}, "scale 0.9996"},
		{change(append(anonymous, `PARAMETER["Central_Meridian",120.0],`, "")...), CRS{}, "lacks the parameters Central_Meridian"},
		{change(append(anonymous, `PARAMETER["False_Easting",500000.0],`, "", `PARAMETER["Central_Meridian",120.0],`, "")...), CRS{}, "Central_Meridian, False_Easting"},
		{change(append(anonymous, `UNIT["Meter",1.0]`, `UNIT["Foot",0.3048]`)...), CRS{}, "not the metre"},
		{change("Greenwich\",0.0", "Ferro\",-17.67"), CRS{}, "prime meridian"},
		{change("D_China_2000", "D_WGS_1984"), CRS{}, "contradict"},
		{change("D_China_2000", "D_WGS_1984", "GCS_China_Geodetic_Coordinate_System_2000", "GCS_WGS_1984"), CRS{}, "the datum is EPSG:4326"},
		{change("D_China_2000", "D_Xian_1980"), CRS{}, "local transformation parameters"},
		{change("Gauss_Kruger", "Albers"), CRS{}, `"Albers" is not supported`},
		{strings.TrimSuffix(change(), "]") + `,AUTHORITY["EPSG","4548"]]`, CRS{}, "contradicts its code"},
		{`PROJCS["CGCS2000_3_Degree_GK_CM_120E",AUTHORITY["EPSG","4490"]]`, CRS{}, "contradicts its code"},
		{`LOCAL_CS["磐安城建坐标系",UNIT["m",1]]`, CRS{}, "neither a geographic nor a projected"},
		{`undefined`, CRS{}, "neither a geographic nor a projected"},
		{``, CRS{}, "ends too early"},
		{`PROJCS["a`, CRS{}, "closing quote"},
		{`PROJCS["a",`, CRS{}, "ends too early"},
		{`PROJCS["a" "b"]`, CRS{}, "comma"},
		{`GEOGCS["GCS_WGS_1984"]x`, CRS{}, "after the end"},
		{strings.Repeat("A[", 1000), CRS{}, "too deeply"},
		{strings.Repeat(" ", maxWKTBytes+1), CRS{}, "too long"},
	} {
		got, err := FromWKT(c.wkt)
		switch {
		case c.says == "" && (got != c.want || err != nil):
			t.Errorf("%.300s\n%v %v, want %v", c.wkt, got, err, c.want)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%.300s\n%v %v, want an error with %q", c.wkt, got, err, c.says)
		}
	}
}

func FuzzFromWKT(f *testing.F) {
	f.Add(wkt120)
	f.Add(`COMPOUNDCRS["x",PROJCRS["y",BASEGEOGCRS["z",DATUM["China 2000",ELLIPSOID["CGCS2000",6378137,298.257222101]]],CONVERSION["c",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Longitude of natural origin",120],PARAMETER["False easting",5e5]],CS[Cartesian,2],ID["EPSG",4549]]]`)
	f.Add(`BOUNDCRS[SOURCECRS[GEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",MEMBER["a"],ELLIPSOID["WGS 84",6378137,298.257223563]],ID["EPSG",4326]]]]`)
	f.Add(`A["""",-1e400,nan,()]`)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := FromWKT(s)
		if (err == nil) != (c.String() != "") {
			t.Errorf("%v %v", c, err)
		}
		if err != nil && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrSyntax) {
			t.Errorf("%v is of no kind", err)
		}
	})
}
