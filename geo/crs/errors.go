package crs

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"yutu/geo"
)

var (
	// ErrOutOfRange is the kind of error of coordinates that no position of the system has.
	ErrOutOfRange = errors.New("coordinates out of range")
	// ErrUnsupported is the kind of error of a reference system that Yutu cannot convert.
	ErrUnsupported = errors.New("unsupported coordinate reference system")
	// ErrSyntax is the kind of error of a WKT text that cannot be read.
	ErrSyntax = errors.New("malformed WKT")
)

// Error is an error of this package with its sentence in both languages; errors.Is finds its kind.
type Error struct {
	Text geo.Text
	kind error
}

// Error returns the English sentence.
func (e *Error) Error() string { return e.Text.EN }

// Localized returns the sentence in both languages.
func (e *Error) Localized() geo.Text { return e.Text }

// Unwrap returns ErrOutOfRange, ErrUnsupported, ErrSyntax, ErrAngle or ErrParameters.
func (e *Error) Unwrap() error { return e.kind }

func refuse(kind error, zh, en string, args ...any) *Error {
	return &Error{geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}, kind}
}

var errNone = refuse(ErrUnsupported, "未指定坐标系", "no coordinate reference system is given")

func (c CRS) outOfRange(x, y float64) error {
	if c.Projected() {
		return refuse(ErrOutOfRange,
			"坐标 x=%s y=%s 不在 %s 的范围内；请检查坐标系、带号和 x、y 的次序",
			"x=%s y=%s are no coordinates of %s; check the CRS, the zone and the order of x and y", show(x), show(y), c)
	}
	return refuse(ErrOutOfRange,
		"坐标 x=%s y=%s 不是 %s 的经纬度（经度应在 ±180°、纬度应在 ±90° 之内）；请检查坐标系和 x、y 的次序",
		"x=%s y=%s are no longitude (±180°) and latitude (±90°) of %s; check the CRS and the order of x and y", show(x), show(y), c)
}

// show writes a coordinate as people read it: no exponent, at most seven decimals.
func show(v float64) string {
	if math.Abs(v) >= 1e12 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return strconv.FormatFloat(math.Round(v*1e7)/1e7, 'f', -1, 64)
}

func (c CRS) notInZone(p orb.Point, z zone) error {
	return refuse(ErrOutOfRange,
		"位置 %.6f°, %.6f° 离 %s 的中央子午线 %[4]v° 太远，不能用该带表示",
		"the position %.6f°, %.6f° is too far from the central meridian %[4]v° of %[3]s to be written in it", p[0], p[1], c, z.cm)
}

func unsupportedName(name string) error {
	return refuse(ErrUnsupported,
		"不支持坐标系 %q；可用 EPSG:4490、4326、4491–4554（CGCS2000 高斯-克吕格 3°/6° 带）、3857、GCJ02、BD09",
		"the CRS %q is not supported; use EPSG:4490, 4326, 4491–4554 (CGCS2000 Gauss-Kruger in zones of 3° or 6°), 3857, GCJ02 or BD09", name)
}

func unsupportedDatum(what string) error {
	return refuse(ErrUnsupported,
		"%s 不是 2000 国家大地坐标系：换算需要当地的转换参数，任何近似都可能错几十米。请先用测绘主管部门提供的参数转换为 CGCS2000（如 EPSG:4490；yutu crs --seven 可以换算坐标），再导入转换后的文件",
		"%s is not CGCS2000: converting it needs the local transformation parameters, and any approximation may be tens of metres wrong. Convert the file to CGCS2000 (such as EPSG:4490) with the parameters of the surveying authority first (yutu crs --seven converts coordinates), then import the result", what)
}
