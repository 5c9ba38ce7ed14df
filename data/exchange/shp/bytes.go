package shp

import (
	"encoding/binary"
	"math"
	"strconv"
)

func be32(b []byte) uint32   { return binary.BigEndian.Uint32(b) }
func le32(b []byte) uint32   { return binary.LittleEndian.Uint32(b) }
func le16(b []byte) uint16   { return binary.LittleEndian.Uint16(b) }
func lef64(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

func shapeName(t uint32) string {
	switch t {
	case 1, 11, 21:
		return "Point"
	case 3, 13, 23:
		return "PolyLine"
	case 8, 18, 28:
		return "MultiPoint"
	case 31:
		return "MultiPatch"
	}
	return strconv.FormatUint(uint64(t), 10)
}
