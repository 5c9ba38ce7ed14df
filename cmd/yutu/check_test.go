package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// overlapping are two townships that overlap by a strip 0.00001° wide, and a third that fits.
const overlapping = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"330727100","name":"甲镇"},"geometry":{"type":"Polygon","coordinates":[[[120,29],[120.01,29],[120.01001,29.005],[120.01,29.01],[120,29.01],[120,29]]]}},
{"type":"Feature","properties":{"code":"330727101","name":"乙镇"},"geometry":{"type":"Polygon","coordinates":[[[120.01,29],[120.02,29],[120.02,29.01],[120.01,29.01],[120.01,29]]]}},
{"type":"Feature","properties":{"code":"330727102","name":"丙镇"},"geometry":{"type":"Polygon","coordinates":[[[120,29.01],[120.01,29.01],[120.02,29.01],[120.02,29.02],[120,29.02],[120,29.01]]]}}]}`

func TestCheckTopologyAndRepair(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.geojson"), filepath.Join(dir, "out.geojson")
	if err := os.WriteFile(in, []byte(overlapping), 0o600); err != nil {
		t.Fatal(err)
	}
	code, text, _ := yutu(t, "", "check", "topology", in)
	if code != exitFine || !strings.Contains(text, "重叠：1 处") || !strings.Contains(text, "330727100000 甲镇 与 330727101000 乙镇 重叠") {
		t.Fatalf("exit %d: %s", code, text)
	}
	// The strip becomes an error when it is no sliver.
	code, text, errs := yutu(t, "", "check", "topology", "--near", "0.1", "--json", in)
	var r checkReport
	if err := json.Unmarshal([]byte(text), &r); err != nil || code != exitFindings {
		t.Fatalf("exit %d, %v: %s%s", code, err, text, errs)
	}
	k := r.Topology.Kinds["topology-overlap"]
	if k.Count != 1 || k.AreaM2 < 500 || k.AreaM2 > 600 || len(r.Conflicts) != 1 || r.Conflicts[0].Level != "township" {
		t.Errorf("%+v %+v", r.Topology, r.Conflicts)
	}
	code, text, errs = yutu(t, "", "check", "topology", "--repair", "--tolerance", "2", "-o", out, "--json", in)
	var repaired checkReport
	if err := json.Unmarshal([]byte(text), &repaired); err != nil || code != exitFine {
		t.Fatalf("exit %d, %v: %s%s", code, err, text, errs)
	}
	if p := repaired.Repair; p == nil || p.Before["topology-overlap"] != 1 || p.After["topology-overlap"] != 0 || p.MaxM < 0.9 || p.MaxM > 1.1 || p.MaxAt == nil || len(p.Changed) == 0 {
		t.Errorf("%+v", p)
	}
	code, text, errs = yutu(t, "", "check", "topology", "--json", out)
	var again checkReport
	if err := json.Unmarshal([]byte(text), &again); err != nil || code != exitFine || again.Units != 3 || len(again.Conflicts) != 0 {
		t.Errorf("exit %d, %v: %s%s", code, err, text, errs)
	}
	for _, args := range [][]string{
		{"--repair", in}, {"-o", out, in}, {"--repair", "-o", in, in}, {"--repair", "-o", "x.shp", in}, {"--repair", "-o", out, "--tolerance", "0", in}, {"--near=-1", in},
	} {
		if code, _, errs := yutu(t, "", append([]string{"check", "topology"}, args...)...); code != exitFindings || !strings.Contains(errs, "yutu:") {
			t.Errorf("%v: exit %d %s", args, code, errs)
		}
	}
}

func TestCheckTopologyOfTheDatabaseOnADay(t *testing.T) {
	dir, h := t.TempDir(), home(t)
	in := filepath.Join(dir, "in.geojson")
	if err := os.WriteFile(in, []byte(overlapping), 0o600); err != nil {
		t.Fatal(err)
	}
	code, text, errs := yutu(t, "", "--home", h, "import", "divisions", "--at", "2020-01-01", "--accept-warnings", in)
	if code != exitFine {
		t.Fatalf("exit %d: %s%s", code, text, errs)
	}
	for day, want := range map[string]int{"2019-12-31": 0, "2020-01-01": 1, "": 1} {
		args := []string{"--home", h, "check", "topology", "--json"}
		if day != "" {
			args = append(args, "--at", day)
		}
		code, text, errs := yutu(t, "", args...)
		var r checkReport
		if err := json.Unmarshal([]byte(text), &r); err != nil || code != exitFine {
			t.Fatalf("exit %d, %v: %s%s", code, err, text, errs)
		}
		if got := r.Topology.Kinds["topology-overlap"].Count; got != want || r.Units != 3 || r.Checked != 3*want {
			t.Errorf("%q: %d overlaps, %d of %d units checked", day, got, r.Checked, r.Units)
		}
	}
}
