package crs

import (
	"fmt"
	"math"
	"strings"
)

// FromWKT recognises a supported system in a definition in WKT, as a .prj file or a GeoPackage carries it: WKT1 as OGC and as Esri
// write it, and WKT2. It goes by the EPSG code inside, by the name, and by datum and parameters; what of these is present must
// agree. A system without its own code or name, but with exactly the parameters of a supported one, is recognised; where zones of 3° and
// 6° coincide (central meridian, no zone prefix) it is called the zone of 3°, the arithmetic being the same. Of a compound system
// the horizontal part counts. The axes that it lists do not matter: data files are read x first.
//
// Errors are ErrSyntax for text that is not WKT and ErrUnsupported, saying what to do, for everything else: other datums and
// projections, local systems, parameters missing, contradictions. It never guesses.
func FromWKT(wkt string) (CRS, error) {
	n, err := parseWKT(wkt)
	if err != nil {
		return CRS{}, err
	}
	for { // Take off the wrappings; the depth of the tree bounds the loop.
		var inner *wktNode
		switch n.keyword {
		case "COMPD_CS", "COMPOUNDCRS":
			inner = n.child("PROJCS", "PROJCRS", "PROJECTEDCRS", "GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS", "BOUNDCRS")
		case "BOUNDCRS":
			if source := n.child("SOURCECRS"); source != nil && len(source.args) > 0 {
				inner = source.args[0]
			}
		}
		if inner == nil {
			break
		}
		n = inner
	}
	switch n.keyword {
	case "GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS":
		return geographicWKT(n)
	case "PROJCS", "PROJCRS", "PROJECTEDCRS":
		return projectedWKT(n)
	}
	return CRS{}, unsupportedWKT(n.name(), "它不是地理或投影坐标系（可能是地方独立坐标系）", "it is neither a geographic nor a projected system; perhaps a local one")
}

func unsupportedWKT(name, zh, en string) error {
	if name == "" {
		name = "?"
	}
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80]) + "…"
	}
	return refuse(ErrUnsupported,
		"无法识别坐标系 %q：%[2]s。请先转换为 EPSG:4490 或 EPSG:4491–4554，或者在确知坐标系时用 --crs 指明",
		"the CRS %[1]q cannot be used: %[3]s. Convert the data to EPSG:4490 or EPSG:4491–4554 first, or name the CRS with --crs if you know it for certain", name, zh, en)
}

// unitIs reports whether the units directly below n (and below its axes) have the given size; no unit at all will do.
func unitIs(n *wktNode, size float64) bool {
	for _, a := range n.args {
		switch a.keyword {
		case "UNIT", "ANGLEUNIT", "LENGTHUNIT":
			// Esri writes the degree with 16 digits, others with 10.
			if v, ok := a.value(1); !ok || !(math.Abs(v-size) <= 1e-9*math.Max(size, 1e-2)*10) {
				return false
			}
		case "AXIS":
			if !unitIs(a, size) {
				return false
			}
		}
	}
	return true
}

func geographicWKT(n *wktNode) (CRS, error) {
	c, err := datumWKT(n)
	if err != nil {
		return CRS{}, err
	}
	if cs := n.child("CS"); cs != nil && len(cs.args) > 0 && cs.args[0].keyword == "CARTESIAN" {
		return CRS{}, unsupportedWKT(n.name(), "它是地心直角坐标系", "it is geocentric")
	}
	if !unitIs(n, degree) {
		return CRS{}, unsupportedWKT(n.name(), "角度单位不是度", "its unit is not the degree")
	}
	return c, nil
}

// datumWKT returns CGCS2000 or WGS84 for a geographic system that stands on it.
func datumWKT(n *wktNode) (CRS, error) {
	datum := n.child("DATUM", "GEODETICDATUM", "TRF", "ENSEMBLE")
	ellipsoid := datum.child("SPHEROID", "ELLIPSOID")
	for _, name := range []string{datum.name(), n.name(), ellipsoid.name()} {
		for _, old := range oldDatumNames {
			if strings.Contains(plain(name), old.part) {
				return CRS{}, unsupportedDatum(fmt.Sprintf("%q（%s）", name, old.name))
			}
		}
	}
	if d := oldDatumOf(n.epsg()); d != "" {
		return CRS{}, unsupportedDatum(d)
	}
	var found CRS
	byCode := map[int]CRS{4490: CGCS2000, 4326: WGS84}[n.epsg()]
	for _, c := range []CRS{datumNames[plain(datum.name())], datumNames[plain(n.name())], byCode} {
		switch {
		case c == CRS{}:
		case found == CRS{}:
			found = c
		case found != c:
			return CRS{}, unsupportedWKT(n.name(), "名称、代码与基准面互相矛盾", "its name, its code and its datum contradict each other")
		}
	}
	if found == (CRS{}) {
		return CRS{}, unsupportedWKT(n.name(),
			fmt.Sprintf("基准面 %q 不是 CGCS2000 或 WGS 84", datum.name()), fmt.Sprintf("its datum %q is neither CGCS2000 nor WGS 84", datum.name()))
	}
	if ellipsoid != nil {
		a, okA := ellipsoid.value(1)
		rf, okF := ellipsoid.value(2)
		// The two flattenings, 298.257222101 and 298.257223563, are 0.1 mm apart on the ground and are often confused.
		if !okA || !okF || !(math.Abs(a-semiMajorAxisM) < 1e-3) || !(math.Abs(rf-1/flattening) < 1e-5) {
			return CRS{}, unsupportedWKT(n.name(),
				fmt.Sprintf("椭球参数 %v、%v 与 %s 不符", a, rf, found), fmt.Sprintf("its ellipsoid %v, %v is not that of %s", a, rf, found))
		}
	}
	if pm := n.child("PRIMEM", "PRIMEMERIDIAN"); pm != nil {
		if v, ok := pm.value(1); !ok || v != 0 {
			return CRS{}, unsupportedWKT(n.name(), "本初子午线不是格林尼治", "its prime meridian is not Greenwich")
		}
	}
	return found, nil
}

func projectedWKT(n *wktNode) (CRS, error) {
	code := n.epsg()
	if d := oldDatumOf(code); d != "" {
		return CRS{}, unsupportedDatum(fmt.Sprintf("EPSG:%d (%s)", code, d))
	}
	named := projectedNames[plain(n.name())]
	if code != 0 {
		c, err := fromEPSG(code)
		if err != nil {
			return CRS{}, err
		}
		if named != (CRS{}) && !sameArithmetic(named, c) || !c.Projected() {
			return CRS{}, unsupportedWKT(n.name(), fmt.Sprintf("名称与代码 EPSG:%d 互相矛盾", code), fmt.Sprintf("its name contradicts its code EPSG:%d", code))
		}
		named = c
	}
	base := n.child("GEOGCS", "BASEGEOGCRS", "BASEGEODCRS", "GEOGCRS", "GEODCRS")
	var datum CRS
	if base != nil {
		var err error
		if datum, err = datumWKT(base); err != nil {
			return CRS{}, err
		}
		if !unitIs(base, degree) {
			return CRS{}, unsupportedWKT(n.name(), "角度单位不是度", "its angular unit is not the degree")
		}
	}
	conversion := n
	if c := n.child("CONVERSION"); c != nil {
		conversion = c
	}
	method := conversion.child("PROJECTION", "METHOD")
	if method == nil {
		if named != (CRS{}) && (base == nil || datum == baseOf(named)) {
			return named, nil
		}
		return CRS{}, unsupportedWKT(n.name(), "没有投影方法和参数，名称也不认识", "it has no projection and its name is not known")
	}
	if !unitIs(n, 1) {
		return CRS{}, unsupportedWKT(n.name(), "长度单位不是米", "its unit is not the metre")
	}
	found, err := byParameters(n, conversion, method, named)
	if err != nil {
		return CRS{}, err
	}
	switch {
	case base == nil && named == CRS{}:
		return CRS{}, unsupportedWKT(n.name(), "没有基准面", "it has no datum")
	case base != nil && datum != baseOf(found):
		return CRS{}, unsupportedWKT(n.name(),
			fmt.Sprintf("投影属于 %s，基准面却是 %s", found, datum), fmt.Sprintf("the projection is of %s, but the datum is %s", found, datum))
	case named != (CRS{}) && !sameArithmetic(named, found):
		return CRS{}, unsupportedWKT(n.name(),
			fmt.Sprintf("名称或代码说的是 %s，参数却是 %s 的", named, found), fmt.Sprintf("its name or code says %s, its parameters are those of %s", named, found))
	case named != (CRS{}):
		return named, nil
	}
	return found, nil
}

func baseOf(c CRS) CRS {
	if c == WebMercator {
		return WGS84
	}
	return CGCS2000
}

// sameArithmetic reports whether two systems give every position the same coordinates: the zones of 3° and of 6° with the
// same central meridian do, without the prefix.
func sameArithmetic(a, b CRS) bool {
	za, okA := a.zone()
	zb, okB := b.zone()
	return a == b || okA && okB && za.cm == zb.cm && za.falseEasting == zb.falseEasting
}

// byParameters finds the projection that a method and its parameters describe.
func byParameters(n, conversion, method *wktNode, named CRS) (CRS, error) {
	values := map[string]float64{"scale": 1, "lat": 0, "falseNorthing": 0}
	for _, a := range conversion.args {
		if a.keyword != "PARAMETER" {
			continue
		}
		v, ok := a.value(1)
		if !ok || !unitIs(a, map[bool]float64{true: degree, false: 1}[a.child("ANGLEUNIT") != nil]) {
			return CRS{}, unsupportedWKT(n.name(), fmt.Sprintf("参数 %q 没有数值或单位不对", a.name()), fmt.Sprintf("its parameter %q has no value or another unit", a.name()))
		}
		switch plain(a.name()) {
		case "centralmeridian", "longitudeofnaturalorigin", "longitudeoforigin", "longitudeofcenter":
			values["cm"] = v
		case "falseeasting":
			values["falseEasting"] = v
		case "falsenorthing":
			values["falseNorthing"] = v
		case "scalefactor", "scalefactoratnaturalorigin":
			values["scale"] = v
		case "latitudeoforigin", "latitudeofnaturalorigin", "standardparallel1", "latitudeof1ststandardparallel":
			values["lat"] = v
		case "auxiliaryspheretype":
			if v != 0 {
				return CRS{}, unsupportedWKT(n.name(), "辅助球类型不是 0", "its auxiliary sphere is not of type 0")
			}
		default:
			return CRS{}, unsupportedWKT(n.name(), fmt.Sprintf("参数 %q 不认识", a.name()), fmt.Sprintf("its parameter %q is not known", a.name()))
		}
	}
	cm, okCM := values["cm"]
	east, okEast := values["falseEasting"]
	plainGrid := values["lat"] == 0 && values["scale"] == 1 && values["falseNorthing"] == 0
	switch name := plain(method.name()); {
	case name == "gk" || name == "transversemercator" || name == "gktransversemercator" || method.epsg() == 9807:
		var missing []string
		if !okCM {
			missing = append(missing, "Central_Meridian")
		}
		if !okEast {
			missing = append(missing, "False_Easting")
		}
		if missing != nil {
			m := strings.Join(missing, ", ")
			return CRS{}, unsupportedWKT(n.name(), "缺少参数 "+m, "it lacks the parameters "+m)
		}
		// From the end, so that zones of 3° come before those of 6°.
		for i := len(zones) - 1; i >= 0; i-- {
			if z := zones[i]; plainGrid && math.Abs(z.cm-cm) < 1e-9 && math.Abs(z.falseEasting-east) < 1e-4 {
				return CRS{int16(firstZoneEPSG + i)}, nil
			}
		}
		return CRS{}, unsupportedWKT(n.name(),
			fmt.Sprintf("中央子午线 %v°、东伪偏移 %v m、北伪偏移 %v m、比例因子 %v 不是国家标准 3°/6° 带的参数，可能是地方独立坐标系",
				cm, east, values["falseNorthing"], values["scale"]),
			fmt.Sprintf("central meridian %v°, false easting %v m, false northing %v m, scale %v are not those of a national zone of 3° or 6°; perhaps a local system",
				cm, east, values["falseNorthing"], values["scale"]))
	case name == "mercatorauxiliarysphere" || name == "popularvisualisationpseudomercator" || method.epsg() == 1024,
		// GDAL's WKT1 has no word for it and tells it from the ellipsoidal Mercator by code or extension only.
		name == "mercator1sp" && (named == WebMercator || strings.Contains(extension(n), "+nadgrids=@null")):
		if plainGrid && cm == 0 && east == 0 {
			return WebMercator, nil
		}
		return CRS{}, unsupportedWKT(n.name(), "参数不是 Web 墨卡托的", "its parameters are not those of Web Mercator")
	}
	return CRS{}, unsupportedWKT(n.name(),
		fmt.Sprintf("不支持投影方法 %q", method.name()), fmt.Sprintf("the projection %q is not supported", method.name()))
}

// extension is the second text of EXTENSION["PROJ4","…"].
func extension(n *wktNode) string {
	if e := n.child("EXTENSION"); e != nil && len(e.args) > 1 {
		return e.args[1].text
	}
	return ""
}
