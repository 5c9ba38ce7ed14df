package api

import (
	"strconv"

	"yutu/data/atlas"
	"yutu/geo/division"
	"yutu/geo/geojson"
)

// appendFeature appends a unit as a GeoJSON feature whose id is the version's key; latFirst turns the axes of the
// positions. The closing brace is left to the caller, who may have links to add.
func appendFeature(dst []byte, it *atlas.Item, latFirst bool) []byte {
	u := &it.Unit
	dst = append(dst, `{"type":"Feature","id":`...)
	dst = strconv.AppendInt(dst, u.ID, 10)
	dst = append(dst, `,"geometry":`...)
	switch {
	case len(u.Geom) == 0:
		dst = append(dst, "null"...)
	case latFirst:
		dst = appendTurned(dst, it.GeometryJSON())
	default:
		dst = append(dst, it.GeometryJSON()...)
	}
	dst = append(dst, `,"properties":{"code":`...)
	dst = geojson.AppendString(dst, string(u.Code))
	dst = append(dst, `,"name":`...)
	dst = geojson.AppendString(dst, u.Name)
	dst = append(dst, `,"level":`...)
	dst = geojson.AppendString(dst, u.Level.String())
	dst = append(dst, `,"type":`...)
	dst = geojson.AppendString(dst, u.Type)
	dst = append(dst, `,"parent":`...)
	if u.Parent == "" {
		dst = append(dst, "null"...)
	} else {
		dst = geojson.AppendString(dst, string(u.Parent))
	}
	dst = append(dst, `,"valid_from":`...)
	dst = appendDay(dst, u.Valid.From)
	dst = append(dst, `,"valid_to":`...)
	dst = appendDay(dst, u.Valid.To)
	dst = append(dst, `,"source":`...)
	dst = geojson.AppendString(dst, u.Source)
	dst = append(dst, `,"synthetic":`...)
	dst = strconv.AppendBool(dst, u.Synthetic)
	return append(dst, '}')
}

// appendDay writes a day, null for an open end.
func appendDay(dst []byte, d division.Date) []byte {
	if d == division.Past || d == division.Future {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = append(dst, d.String()...)
	return append(dst, '"')
}

// appendTurned copies a GeoJSON geometry with the two numbers of each position exchanged. It relies on how
// geojson.AppendGeometry writes: no spaces, two numbers a position.
func appendTurned(dst, geometry []byte) []byte {
	for i := 0; i < len(geometry); {
		c := geometry[i]
		dst = append(dst, c)
		i++
		if c != '[' || i == len(geometry) || geometry[i] != '-' && (geometry[i] < '0' || geometry[i] > '9') {
			continue
		}
		comma := i
		for comma < len(geometry) && geometry[comma] != ',' {
			comma++
		}
		end := comma
		for end < len(geometry) && geometry[end] != ']' {
			end++
		}
		if end == len(geometry) {
			return append(dst, geometry[i:]...)
		}
		dst = append(dst, geometry[comma+1:end]...)
		dst = append(dst, ',')
		dst = append(dst, geometry[i:comma]...)
		i = end
	}
	return dst
}
