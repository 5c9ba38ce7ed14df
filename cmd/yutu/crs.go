package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"yutu/geo"
	"yutu/geo/crs"
)

const crsHelp = `逐行换算坐标：标准输入每行一个 "x y"，标准输出每行一个 "x y"。
x 是东坐标或经度，y 是北坐标或纬度。坐标系：EPSG:4490、4326、4491–4554、3857、GCJ02、BD09。
经纬度也可以写作度分秒：120°26′15.3″、120度26分15.3秒、74°40′21″.09、1202615.3、东经…北纬…。

1954 北京（EPSG:4214、2401–2442、21413–21423、21453–21463）和 1980 西安（EPSG:4610、2327–2390）与其他坐标系之间
换算，需要测绘主管部门提供的七参数：--seven 后写 dx,dy,dz,rx,ry,rz,s（米、角秒、百万分之一），或写 JSON、CSV 文件名；
有旋转时必须用 --convention 说明约定。布尔莎模型即 coordinate-frame。

Converts coordinates line by line: "x y" in on standard input, "x y" out on standard output;
x is easting or longitude, y is northing or latitude; degrees may come as degrees, minutes and seconds.
Beijing 1954 and Xi'an 1980 need the seven parameters of the surveying authority.

    echo "120.45 29.05" | yutu crs --from EPSG:4490 --to EPSG:4549
    echo "东经120°26′15.3″，北纬29°03′26.1″" | yutu crs --from EPSG:4490 --to EPSG:4549
    yutu crs --from EPSG:2437 --to EPSG:4549 --seven 七参数.json < 界桩.txt`

type crsCmd struct {
	From string `required:"" help:"原坐标系 · Source CRS." placeholder:"CRS"`
	To   string `required:"" help:"目标坐标系 · Target CRS." placeholder:"CRS"`
	sevenFlags
	DMS string `name:"dms" enum:",marks,point-behind,han,packed" default:"" help:"经纬度写成度分秒 · Write degrees, minutes and seconds: marks (120°26′15.3″), point-behind (15″.3), han (度分秒) or packed." placeholder:"STYLE"`
}

// sevenFlags are the parameters of an old datum, for every command that takes positions.
type sevenFlags struct {
	Seven        string `help:"旧坐标系的七参数，或其文件 · Seven parameters of the old datum, or a file with them." placeholder:"dx,dy,dz,rx,ry,rz,s|FILE"`
	Convention   string `help:"七参数的旋转约定 · What the rotations turn: position-vector or coordinate-frame." placeholder:"CONVENTION"`
	FromCGCS2000 bool   `name:"seven-from-cgcs2000" help:"七参数是由 CGCS2000 转到旧坐标系的 · The parameters lead from CGCS2000 to the old datum."`
}

// Help returns the text of yutu crs --help.
func (crsCmd) Help() string { return crsHelp }

// conversion takes one pair of coordinates to the other system.
type conversion func(x, y float64) (float64, float64, error)

func (c crsCmd) Run(a *app) error {
	convert, fromDegrees, toDegrees, err := c.conversion()
	if err != nil {
		return err
	}
	if c.DMS != "" && !toDegrees {
		return refuse("目标坐标系 %s 不是经纬度，不能写成度分秒", "the target %s is not in degrees, so --dms does not apply", c.To)
	}
	in := bufio.NewScanner(a.stdin)
	out := bufio.NewWriter(a.stdout)
	defer out.Flush()
	for n := 1; in.Scan(); n++ {
		if strings.TrimSpace(in.Text()) == "" {
			fmt.Fprintln(out)
			continue
		}
		x, y, err := readPair(in.Text(), n, fromDegrees)
		if err != nil {
			return err
		}
		x, y, err = convert(x, y)
		if err != nil {
			return because(err, "第 %d 行 %q 无法换算", "line %d %q cannot be converted", n, in.Text())
		}
		c.write(out, x, y, toDegrees)
		if a.ctx.Err() != nil {
			return a.ctx.Err()
		}
	}
	return in.Err()
}

// readPair reads a line of two numbers, whatever follows them, or where degrees are meant of two angles.
func readPair(line string, n int, degrees bool) (x, y float64, err error) {
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
	if len(fields) >= 2 {
		x, errX := strconv.ParseFloat(fields[0], 64)
		y, errY := strconv.ParseFloat(fields[1], 64)
		// Numbers beyond any degree may be degrees, minutes and seconds without marks.
		if errX == nil && errY == nil && !(degrees && (x > 180 || y > 90)) {
			return x, y, nil
		}
	}
	if degrees {
		lon, lat, err := crs.ParsePosition(line)
		if err != nil {
			return 0, 0, because(err, "第 %d 行", "line %d", n)
		}
		return lon, lat, nil
	}
	if len(fields) < 2 {
		return 0, 0, refuse("第 %d 行需要两个数 x y：%q", "line %d needs two numbers x y: %q", n, line)
	}
	return 0, 0, refuse("第 %d 行不是数字：%q", "line %d is not a pair of numbers: %q", n, line)
}

// write prints a pair: degrees with nine decimals are 0.1 mm, metres with four and seconds with five about the same.
func (c crsCmd) write(out *bufio.Writer, x, y float64, degrees bool) {
	const degreeDecimals, secondDecimals, metreDecimals = 9, 5, 4
	styles := map[string]crs.AngleStyle{"marks": crs.Marks, "point-behind": crs.PointBehind, "han": crs.Han, "packed": crs.Packed}
	switch style, dms := styles[c.DMS]; {
	case degrees && dms:
		fmt.Fprintf(out, "%s %s\n", crs.FormatAngle(x, crs.AnyAxis, style, secondDecimals, false), crs.FormatAngle(y, crs.AnyAxis, style, secondDecimals, false))
	case degrees:
		fmt.Fprintf(out, "%.*f %.*f\n", degreeDecimals, x, degreeDecimals, y)
	default:
		fmt.Fprintf(out, "%.*f %.*f\n", metreDecimals, x, metreDecimals, y)
	}
}

// conversion settles both systems and what leads from one to the other.
func (c crsCmd) conversion() (convert conversion, fromDegrees, toDegrees bool, err error) {
	from, oldFrom, err := parseSystem(c.From)
	if err != nil {
		return nil, false, false, err
	}
	to, oldTo, err := parseSystem(c.To)
	if err != nil {
		return nil, false, false, err
	}
	none := crs.Legacy{}
	if oldFrom != none && oldTo != none {
		// Within one old datum no parameters are needed.
		if oldFrom.Datum() != oldTo.Datum() {
			return nil, false, false, refuse("%s 与 %s 属于两个旧坐标系，请经 EPSG:4490 分两步换算，各用自己的七参数",
				"%s and %s stand on two old datums: convert in two steps by way of EPSG:4490, each with its own parameters", oldFrom, oldTo)
		}
		return func(x, y float64) (float64, float64, error) {
			p, err := oldFrom.Degrees(x, y)
			if err != nil {
				return 0, 0, err
			}
			return oldTo.Coordinates(p)
		}, !oldFrom.Projected(), !oldTo.Projected(), nil
	}
	if old := oldFrom; old != none || oldTo != none {
		if old == none {
			old = oldTo
		}
		h, err := c.parameters(old)
		if err != nil {
			return nil, false, false, err
		}
		shifted, err := old.With(h)
		if err != nil {
			return nil, false, false, err
		}
		if oldFrom != none {
			from = shifted
		} else {
			to = shifted
		}
	} else if c.given() {
		return nil, false, false, refuse("%s 与 %s 之间换算不用七参数", "converting between %s and %s needs no seven parameters", from, to)
	}
	return func(x, y float64) (float64, float64, error) {
		p, err := from.ToLonLat(x, y)
		if err != nil {
			return 0, 0, err
		}
		return to.FromLonLat(p)
	}, !from.Projected(), !to.Projected(), nil
}

func (f sevenFlags) given() bool { return f.Seven != "" || f.Convention != "" || f.FromCGCS2000 }

// system is the one named, with the parameters where it needs them.
func (f sevenFlags) system(name string) (crs.System, error) {
	system, old, err := parseSystem(name)
	if err != nil {
		return nil, err
	}
	if old == (crs.Legacy{}) {
		if f.given() {
			return nil, refuse("%s 不用七参数", "%s needs no seven parameters", system)
		}
		return system, nil
	}
	h, err := f.parameters(old)
	if err != nil {
		return nil, err
	}
	return old.With(h)
}

func parseSystem(name string) (crs.System, crs.Legacy, error) {
	if old, err := crs.ParseLegacy(name); err == nil {
		return nil, old, nil
	}
	system, err := crs.Parse(name)
	return system, crs.Legacy{}, err
}

// parameters reads what --seven holds: numbers, or the name of a file.
func (f sevenFlags) parameters(old crs.Legacy) (crs.Helmert, error) {
	var h crs.Helmert
	if f.Seven == "" {
		return h, refuse("%s 不是 CGCS2000：请用 --seven 给出测绘主管部门提供的七参数", "%s is not CGCS2000: give the seven parameters of the surveying authority with --seven", old)
	}
	h, numbersErr := crs.ParseSeven(f.Seven)
	if numbersErr != nil {
		file, err := os.Open(f.Seven)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return h, numbersErr
		}
		if err != nil {
			return h, refuse("无法读取七参数文件 %s：%v", "the file of parameters %s cannot be read: %v", f.Seven, err)
		}
		defer file.Close()
		if h, err = crs.ReadSeven(file); err != nil {
			return h, err
		}
	}
	if f.Convention != "" {
		named, err := crs.ParseConvention(f.Convention)
		if err != nil {
			return h, err
		}
		if h.Convention != crs.NoConvention && h.Convention != named {
			return h, refuse("文件中的旋转约定是 %s，--convention 却是 %s", "the file names the convention %s, --convention says %s", h.Convention, named)
		}
		h.Convention = named
	}
	h.FromCGCS2000 = h.FromCGCS2000 || f.FromCGCS2000
	return h, nil
}

// because is a refusal with the reason behind it, in the reader's language where the reason has one.
func because(reason error, zh, en string, args ...any) error {
	text := geo.Text{ZH: reason.Error(), EN: reason.Error()}
	var worded interface{ Localized() geo.Text }
	if errors.As(reason, &worded) {
		text = worded.Localized()
	}
	return refusal{geo.Text{ZH: fmt.Sprintf(zh, args...) + "：" + text.ZH, EN: fmt.Sprintf(en, args...) + ": " + text.EN}}
}
