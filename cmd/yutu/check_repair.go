package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"

	"yutu/geo/division"
	"yutu/geo/geojson"
	"yutu/geo/topo/fit"
)

// repairReport says what a repair lost: nothing is moved silently.
type repairReport struct {
	File          string         `json:"file"`
	ToleranceM    float64        `json:"tolerance_m"`
	MovedVertices int            `json:"moved_vertices"`
	Inserted      int            `json:"inserted_vertices"`
	P50M          float64        `json:"displacement_p50_m"`
	P95M          float64        `json:"displacement_p95_m"`
	MaxM          float64        `json:"displacement_max_m"`
	MaxAt         *[2]float64    `json:"displacement_max_at"`
	Changed       []fit.Change   `json:"changed"`
	Kept          []string       `json:"kept"`
	Before        map[string]int `json:"before"`
	After         map[string]int `json:"after"`
}

func repairOf(m *fit.Repair, areas []fit.Area, file string, tolerance float64) *repairReport {
	r := &repairReport{File: file, ToleranceM: tolerance, MovedVertices: m.Moved, Inserted: m.Inserted, P50M: m.P50M, P95M: m.P95M, MaxM: m.MaxM,
		Changed: m.Changes, Kept: []string{}, Before: map[string]int{}, After: map[string]int{}}
	if r.Changed == nil {
		r.Changed = []fit.Change{}
	}
	if len(m.Changes) > 0 {
		r.MaxAt = (*[2]float64)(&m.MaxAt)
	}
	for _, i := range m.Kept {
		r.Kept = append(r.Kept, areas[i].Name)
	}
	for _, k := range fit.Kinds() {
		r.Before[k.String()], r.After[k.String()] = m.Before.Count(k), m.After.Count(k)
	}
	return r
}

func (r *repairReport) print(a *app, say func(zh, en string, args ...any)) {
	if r == nil {
		return
	}
	say("修复（容差 %g 米），写入 %s：", "Repaired within %g m, written to %s:", r.ToleranceM, r.File)
	say("  更改 %d 个单位，移动 %d 个顶点，插入 %d 个；位移中位数 %.3f 米，95%% 不超过 %.3f 米，最大 %.3f 米", "  %d units changed, %d vertices moved, %d put in; displacement p50 %.3f m, p95 %.3f m, largest %.3f m",
		len(r.Changed), r.MovedVertices, r.Inserted, r.P50M, r.P95M, r.MaxM)
	if r.MaxAt != nil {
		say("  最大位移在 %.7f,%.7f", "  the largest at %.7f,%.7f", r.MaxAt[0], r.MaxAt[1])
	}
	for i, x := range r.Changed {
		if i == 20 {
			say("  另有 %d 个单位更改较小", "  and %d units with smaller changes", len(r.Changed)-i)
			break
		}
		say("  %s：面积 %s → %s（%+.2f m²），最大位移 %.3f 米", "  %s: area %s → %s (%+.2f m²), displacement up to %.3f m",
			x.Name, fit.SquareMetres(x.BeforeM2), fit.SquareMetres(x.AfterM2), x.AfterM2-x.BeforeM2, x.DisplacementM)
	}
	for _, name := range r.Kept {
		say("  %s 无法修复，保持原样", "  %s could not be repaired and stays as it was", name)
	}
	for _, k := range fit.Kinds() {
		if b, n := r.Before[k.String()], r.After[k.String()]; b != n {
			say("  %s：%d → %d", "  %s: %d → %d", a.say(k.Title()), b, n)
		}
	}
	say("以下为修复后仍存在的问题：", "What is left after the repair:")
}

// writeUnits writes units as GeoJSON that yutu import reads back; the file appears whole or not at all.
func writeUnits(path string, units []division.Unit) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".yutu-*.geojson")
	if err != nil {
		return refuse("无法写入 %s：%v", "%s cannot be written: %v", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	w.WriteString(`{"type":"FeatureCollection","features":[`)
	var b []byte
	for i := range units {
		u := &units[i]
		b = b[:0]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n{\"type\":\"Feature\",\"properties\":{\"code\":"...)
		b = geojson.AppendString(b, string(u.Code))
		for _, p := range [][2]string{{"name", u.Name}, {"level", u.Level.String()}, {"type", u.Type}, {"parent", string(u.Parent)},
			{"valid_from", u.Valid.From.String()}, {"valid_to", u.Valid.To.String()}, {"secrecy", u.Secrecy.String()}, {"source", u.Source}} {
			if p[1] != "" {
				b = append(append(append(b, `,"`...), p[0]...), `":`...)
				b = geojson.AppendString(b, p[1])
			}
		}
		b = append(strconv.AppendBool(append(b, `,"synthetic":`...), u.Synthetic), `},"geometry":`...)
		b = append(geojson.AppendGeometry(b, u.Geom), '}')
		w.Write(b)
	}
	w.WriteString("\n]}\n")
	if err = w.Flush(); err != nil {
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
