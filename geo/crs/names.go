package crs

import (
	"fmt"
	"strings"
)

// epsgName is the registry's name of a zone: "CGCS2000 / 3-degree Gauss-Kruger zone 40".
func epsgName(z zone) string {
	width := ""
	if z.width == 3 {
		width = "3-degree "
	}
	if z.prefixed {
		return fmt.Sprintf("CGCS2000 / %sGauss-Kruger zone %d", width, z.number)
	}
	return fmt.Sprintf("CGCS2000 / %sGauss-Kruger CM %.0fE", width, z.cm)
}

// esriName is the name in the .prj files of Esri's programs: "CGCS2000_3_Degree_GK_Zone_40".
func esriName(z zone) string {
	width := ""
	if z.width == 3 {
		width = "3_Degree_"
	}
	if z.prefixed {
		return fmt.Sprintf("CGCS2000_%sGK_Zone_%d", width, z.number)
	}
	return fmt.Sprintf("CGCS2000_%sGK_CM_%.0fE", width, z.cm)
}

// plain leaves of a name its lower-case letters and digits: programs differ in the rest, and in how they write Krüger.
func plain(s string) string {
	s = strings.NewReplacer("ü", "u", "ue", "u").Replace(strings.ToLower(s))
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	return strings.ReplaceAll(s, "gausskruger", "gk")
}

// projectedNames are the plain names under which programs know the supported projections.
var projectedNames = func() map[string]CRS {
	m := map[string]CRS{
		"wgs84pseudomercator":               WebMercator,
		"wgs1984webmercatorauxiliarysphere": WebMercator,
		"wgs1984webmercator":                WebMercator,
		"popularvisualisationcrsmercator":   WebMercator,
	}
	for i, z := range zones {
		c := CRS{int16(firstZoneEPSG + i)}
		m[plain(epsgName(z))] = c
		m[plain(esriName(z))] = c
	}
	return m
}()

// datumNames are the plain names of datums, and of geographic systems, which often say it better.
var datumNames = map[string]CRS{
	"dchina2000": CGCS2000, "china2000": CGCS2000, "cgcs2000": CGCS2000, "dcgcs2000": CGCS2000,
	"chinageodeticcoordinatesystem2000": CGCS2000, "gcschinageodeticcoordinatesystem2000": CGCS2000,
	"chinesegeodeticcoordinatesystem2000": CGCS2000, "gcscgcs2000": CGCS2000,
	"dwgs1984": WGS84, "wgs1984": WGS84, "wgs84": WGS84, "gcswgs1984": WGS84, "gcswgs84": WGS84,
	"worldgeodeticsystem1984": WGS84, "worldgeodeticsystem1984ensemble": WGS84, "wgs84crs84": WGS84, "crs84": WGS84,
}

// oldDatumNames are what the plain names of the datums before CGCS2000 contain.
var oldDatumNames = []struct{ part, name string }{
	{"xian", "西安 1980 (Xi'an 1980)"},
	{"newbeijing", "新 1954 北京 (New Beijing)"},
	{"beijing", "北京 1954 (Beijing 1954)"},
	{"krasovsky", "北京 1954 (Krasovsky)"},
	{"krassowsky", "北京 1954 (Krasovsky)"},
}
