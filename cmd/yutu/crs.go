package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"yutu/geo/crs"
)

const crsHelp = `逐行换算坐标：标准输入每行一个 "x y"，标准输出每行一个 "x y"。
x 是东坐标或经度，y 是北坐标或纬度。坐标系：EPSG:4490、4326、4491–4554、3857、GCJ02、BD09。

Converts coordinates line by line: "x y" in on standard input, "x y" out on standard output;
x is easting or longitude, y is northing or latitude.

    echo "120.45 29.05" | yutu crs --from EPSG:4490 --to EPSG:4549`

type crsCmd struct {
	From string `required:"" help:"原坐标系 · Source CRS." placeholder:"CRS"`
	To   string `required:"" help:"目标坐标系 · Target CRS." placeholder:"CRS"`
}

// Help returns the text of yutu crs --help.
func (crsCmd) Help() string { return crsHelp }

func (c crsCmd) Run(a *app) error {
	from, err := crs.Parse(c.From)
	if err != nil {
		return err
	}
	to, err := crs.Parse(c.To)
	if err != nil {
		return err
	}
	// Degrees with nine decimals are 0.1 mm, metres with four are the same.
	decimals := 9
	if to.Projected() {
		decimals = 4
	}
	in := bufio.NewScanner(a.stdin)
	out := bufio.NewWriter(a.stdout)
	defer out.Flush()
	for n := 1; in.Scan(); n++ {
		fields := strings.FieldsFunc(in.Text(), func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
		if len(fields) == 0 {
			fmt.Fprintln(out)
			continue
		}
		if len(fields) < 2 {
			return refuse("第 %d 行需要两个数 x y：%q", "line %d needs two numbers x y: %q", n, in.Text())
		}
		x, errX := strconv.ParseFloat(fields[0], 64)
		y, errY := strconv.ParseFloat(fields[1], 64)
		if errX != nil || errY != nil {
			return refuse("第 %d 行不是数字：%q", "line %d is not a pair of numbers: %q", n, in.Text())
		}
		p, err := from.ToLonLat(x, y)
		if err == nil {
			x, y, err = to.FromLonLat(p)
		}
		if err != nil {
			return refuse("第 %d 行 %q 无法换算：%v", "line %d %q cannot be converted: %v", n, in.Text(), err)
		}
		fmt.Fprintf(out, "%.*f %.*f\n", decimals, x, decimals, y)
		if a.ctx.Err() != nil {
			return a.ctx.Err()
		}
	}
	return in.Err()
}
