package crs

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// ErrParameters is the kind of error of transformation parameters that are incomplete or cannot be meant so.
var ErrParameters = errors.New("invalid transformation parameters")

// Convention says what the rotations of seven parameters turn. Formulas and books differ in it, and taking one for the other puts every
// point twice the rotation away, tens of metres; so it has to be named wherever a rotation is not 0.
type Convention uint8

const (
	// NoConvention will do for three parameters.
	NoConvention Convention = iota
	// PositionVector turns the position within fixed axes: EPSG method 9606, PROJ +convention=position_vector, ISO 19111.
	PositionVector
	// CoordinateFrame turns the axes, so that the rotations have the other sign: EPSG method 9607, the Bursa model (布尔莎模型) as
	// Chinese surveying books write it, X₂ = ΔX + (1+m)X₁ + Yε_Z − Zε_Y.
	CoordinateFrame
)

// String returns "position-vector" or "coordinate-frame", which ParseConvention reads; "" for none.
func (c Convention) String() string {
	return [...]string{"", "position-vector", "coordinate-frame"}[min(c, CoordinateFrame)]
}

// ParseConvention reads the names of String with hyphen, underline or space, the EPSG methods 9606 and 9607, and 布尔莎 (bursa).
func ParseConvention(s string) (Convention, error) {
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(strings.TrimSpace(s))) {
	case "":
		return NoConvention, nil
	case "positionvector", "9606", "epsg:9606":
		return PositionVector, nil
	case "coordinateframe", "9607", "epsg:9607", "bursa", "布尔莎", "布尔莎模型":
		return CoordinateFrame, nil
	}
	return 0, refuse(ErrParameters,
		"旋转约定 %.40q 不认识，请写 position-vector（位置矢量）或 coordinate-frame（坐标框架，布尔莎模型）",
		"the convention %.40q is not known: write position-vector or coordinate-frame", s)
}

// Helmert are the seven parameters of a transformation between an old datum and CGCS2000, as a surveying authority hands them out: with the
// rotations linearised (sin r = r, cos r = 1), as EPSG 9606 and 9607 and PROJ without +exact compute them. They are good only for
// the district they were determined for, and how good only the authority can say.
type Helmert struct {
	DXM, DYM, DZM                float64 // metres
	RXArcsec, RYArcsec, RZArcsec float64 // seconds of arc
	ScalePPM                     float64 // scale less 1, in millionths
	Convention                   Convention
	FromCGCS2000                 bool // the parameters lead from CGCS2000 to the old datum; otherwise from the old datum to CGCS2000
}

// Beyond these no seven parameters between Chinese datums lie. They catch units, not mistakes of a digit: the
// datums are some hundred metres and a few seconds apart, but the three shifts and rotations of a small district trade against each
// other and may each become large.
const (
	maxShiftM    = 20_000
	maxRotateSec = 120
	maxScalePPM  = 500
	// A scale this near to 1 is a factor, not millionths.
	factorNear = 5e-5
)

// Validate returns nil or an error of the kind ErrParameters that says which parameter cannot be meant so.
func (h Helmert) Validate() error {
	for _, v := range []struct {
		name     string
		v, limit float64
		unit     string
	}{
		{"dx", h.DXM, maxShiftM, "m"}, {"dy", h.DYM, maxShiftM, "m"}, {"dz", h.DZM, maxShiftM, "m"},
		{"rx", h.RXArcsec, maxRotateSec, "″"}, {"ry", h.RYArcsec, maxRotateSec, "″"}, {"rz", h.RZArcsec, maxRotateSec, "″"},
		{"s", h.ScalePPM, maxScalePPM, "ppm"},
	} {
		if !(math.Abs(v.v) <= v.limit) {
			return refuse(ErrParameters,
				"七参数 %s=%v 超出 ±%v %s，请检查单位：平移用米、旋转用角秒、尺度用百万分之一",
				"the parameter %s=%v is beyond ±%v %s; check the units: shifts in metres, rotations in seconds of arc, scale in millionths", v.name, v.v, v.limit, v.unit)
		}
	}
	if math.Abs(h.ScalePPM-1) < factorNear {
		return refuse(ErrParameters,
			"尺度 s=%v 像是比例因子；请写百万分之一（ppm）：因子 1.0000012 写作 1.2，因子 1 写作 0（确为 1 ppm 时写 1.0001）",
			"the scale s=%v looks like a factor; write millionths (ppm): 1.2 for the factor 1.0000012, 0 for the factor 1 (if 1 ppm is meant write 1.0001)", h.ScalePPM)
	}
	rotates := h.RXArcsec != 0 || h.RYArcsec != 0 || h.RZArcsec != 0
	if h.Convention > CoordinateFrame || rotates && h.Convention == NoConvention {
		return refuse(ErrParameters,
			"七参数有旋转，但没有说明约定；请向提供者查明，写明 position-vector（位置矢量）或 coordinate-frame（坐标框架，布尔莎模型），用错会差几十米",
			"the parameters rotate, but their convention is not named; ask who supplied them and name position-vector or coordinate-frame: the wrong one is tens of metres off")
	}
	return nil
}

// ParseSeven reads "dx,dy,dz,rx,ry,rz,s" in metres, seconds and millionths, or three shifts alone. The convention is the caller's to set.
func ParseSeven(s string) (Helmert, error) {
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '，' || r == ' ' || r == '\t' })
	if len(fields) != 7 && len(fields) != 3 || len(s) > 1000 {
		return Helmert{}, refuse(ErrParameters, "需要七个参数 dx,dy,dz,rx,ry,rz,s（或三个平移参数），得到 %d 个", "seven parameters dx,dy,dz,rx,ry,rz,s are needed (or three shifts), got %d", len(fields))
	}
	var h Helmert
	for i, f := range fields {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return Helmert{}, refuse(ErrParameters, "第 %d 个参数 %.40q 不是数字", "parameter %d, %.40q, is not a number", i+1, f)
		}
		*[]*float64{&h.DXM, &h.DYM, &h.DZM, &h.RXArcsec, &h.RYArcsec, &h.RZArcsec, &h.ScalePPM}[i] = v
	}
	return h, nil
}

// sevenFile is what a file of parameters holds; pointers tell what is missing.
type sevenFile struct {
	DX         *float64 `json:"dx"`
	DY         *float64 `json:"dy"`
	DZ         *float64 `json:"dz"`
	RX         *float64 `json:"rx"`
	RY         *float64 `json:"ry"`
	RZ         *float64 `json:"rz"`
	S          *float64 `json:"s"`
	Convention string   `json:"convention"`
	Direction  string   `json:"direction"`
	Source     string   `json:"source"`
}

// maxSevenBytes is far more than any file of seven numbers has.
const maxSevenBytes = 64 << 10

// ReadSeven reads parameters from JSON, {"dx":…,"dy":…,"dz":…,"rx":…,"ry":…,"rz":…,"s":…,"convention":"coordinate-frame","direction":"to-cgcs2000","source":"…"}, or
// from CSV with these names as its header and one row. All seven must be there; direction is to-cgcs2000 (also when left out) or
// from-cgcs2000; source is for people. The result is validated.
func ReadSeven(r io.Reader) (Helmert, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSevenBytes+1))
	if err != nil {
		return Helmert{}, fmt.Errorf("reading the parameters: %w", err)
	}
	if len(data) > maxSevenBytes {
		return Helmert{}, refuse(ErrParameters, "参数文件过大", "the file of parameters is too large")
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	var f sevenFile
	if bytes.HasPrefix(data, []byte("{")) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&f); err != nil {
			return Helmert{}, refuse(ErrParameters, "参数文件不是所要的 JSON：%v", "the file of parameters is not the JSON that is needed: %v", err)
		}
	} else if err := f.fromCSV(data); err != nil {
		return Helmert{}, err
	}
	var h Helmert
	for _, v := range []struct {
		name string
		from *float64
		to   *float64
	}{
		{"dx", f.DX, &h.DXM}, {"dy", f.DY, &h.DYM}, {"dz", f.DZ, &h.DZM}, {"rx", f.RX, &h.RXArcsec}, {"ry", f.RY, &h.RYArcsec}, {"rz", f.RZ, &h.RZArcsec}, {"s", f.S, &h.ScalePPM},
	} {
		if v.from == nil {
			return Helmert{}, refuse(ErrParameters, "参数文件缺少 %s", "the file of parameters lacks %s", v.name)
		}
		*v.to = *v.from
	}
	if h.Convention, err = ParseConvention(f.Convention); err != nil {
		return Helmert{}, err
	}
	switch strings.ToLower(strings.TrimSpace(f.Direction)) {
	case "", "to-cgcs2000":
	case "from-cgcs2000":
		h.FromCGCS2000 = true
	default:
		return Helmert{}, refuse(ErrParameters, "方向 %.40q 不认识，请写 to-cgcs2000 或 from-cgcs2000", "the direction %.40q is not known: write to-cgcs2000 or from-cgcs2000", f.Direction)
	}
	return h, h.Validate()
}

func (f *sevenFile) fromCSV(data []byte) error {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(rows) != 2 {
		return refuse(ErrParameters,
			"参数文件应为 JSON，或有表头 dx,dy,dz,rx,ry,rz,s,convention 和一行数据的 CSV",
			"the file of parameters must be JSON, or CSV with the header dx,dy,dz,rx,ry,rz,s,convention and one row")
	}
	numbers := map[string]**float64{"dx": &f.DX, "dy": &f.DY, "dz": &f.DZ, "rx": &f.RX, "ry": &f.RY, "rz": &f.RZ, "s": &f.S}
	texts := map[string]*string{"convention": &f.Convention, "direction": &f.Direction, "source": &f.Source}
	for i, name := range rows[0] {
		name = strings.ToLower(strings.TrimSpace(name))
		if to, ok := texts[name]; ok {
			*to = rows[1][i]
			continue
		}
		to, ok := numbers[name]
		if !ok {
			return refuse(ErrParameters, "参数文件的列 %.40q 不认识", "the column %.40q of the file of parameters is not known", name)
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(rows[1][i]), 64)
		if err != nil {
			return refuse(ErrParameters, "参数 %s=%.40q 不是数字", "the parameter %s=%.40q is not a number", name, rows[1][i])
		}
		*to = &v
	}
	return nil
}

type vector [3]float64

// affine is x → t + m·x in geocentric metres.
type affine struct {
	t vector
	m [3]vector // rows
}

func (h Helmert) affine() affine {
	const arcsec = degree / 3600
	rx, ry, rz := h.RXArcsec*arcsec, h.RYArcsec*arcsec, h.RZArcsec*arcsec
	if h.Convention == CoordinateFrame {
		rx, ry, rz = -rx, -ry, -rz
	}
	k := 1 + h.ScalePPM*1e-6
	return affine{
		t: vector{h.DXM, h.DYM, h.DZM},
		m: [3]vector{{k, -k * rz, k * ry}, {k * rz, k, -k * rx}, {-k * ry, k * rx, k}},
	}
}

func (a affine) apply(v vector) vector {
	var out vector
	for i, row := range a.m {
		out[i] = a.t[i] + (row[0]*v[0] + row[1]*v[1] + row[2]*v[2])
	}
	return out
}

// inverse is the exact inverse of the linearised transformation, not the transformation with the signs turned, which would be off by
// the square of the rotation: 4 mm for 5″.
func (a affine) inverse() affine {
	m := a.m
	cofactor := func(i, j int) float64 {
		r1, r2, c1, c2 := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[r1][c1]*m[r2][c2] - m[r1][c2]*m[r2][c1]
	}
	det := m[0][0]*cofactor(0, 0) + m[0][1]*cofactor(0, 1) + m[0][2]*cofactor(0, 2)
	var inv affine
	for i := range 3 {
		for j := range 3 {
			inv.m[i][j] = cofactor(j, i) / det
		}
	}
	shift := inv.apply(a.t)
	inv.t = vector{-shift[0], -shift[1], -shift[2]}
	return inv
}
