// Package division is the administrative unit in time: what it is called, which code it bears, what it covers,
// from when until when. A Unit is one version of a division; several versions may share a code over the years.
package division

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"github.com/paulmach/orb"
)

// Secrecy says who may see a record (地名普查表 密级). The zero value is the strictest.
type Secrecy uint8

const (
	Secret   Secrecy = iota // 秘密
	Internal                // 内部
	Public                  // 公开
)

var secrecyNames = [...]string{"secret", "internal", "public"}

// String returns "secret", "internal" or "public".
func (s Secrecy) String() string {
	if int(s) < len(secrecyNames) {
		return secrecyNames[s]
	}
	return "secret"
}

// ParseSecrecy reads String's form and the Chinese terms 公开, 内部, 秘密; ok is false for anything else.
func ParseSecrecy(s string) (Secrecy, bool) {
	switch s {
	case "public", "公开":
		return Public, true
	case "internal", "内部":
		return Internal, true
	case "secret", "秘密", "机密", "绝密":
		return Secret, true
	}
	return Secret, false
}

// Unit is one version of one division.
type Unit struct {
	// ID is the database's key; 0 before the unit was stored.
	ID   int64
	Code Code
	// Level is stated, not derived: special areas break the pattern of the codes.
	Level Level
	// Type is the legal kind in Chinese: 省 地级市 县 街道 镇 乡 村民委员会 居民委员会 …; may be empty.
	Type string
	// Name is the standard name as the law writes it, with its generic part: 安文街道.
	Name string
	// Parent is the code of the unit above at the same dates; empty for the topmost.
	Parent Code
	// Valid is the half-open range of dates at which this version is in force.
	Valid   Range
	Secrecy Secrecy
	// Source names the document or data set this version comes from.
	Source string
	// Synthetic marks made-up demonstration data, which must never be taken for the real thing.
	Synthetic bool
	// CRSOriginal is the reference system the record came in, such as "EPSG:4549".
	CRSOriginal string
	// Geom is lon, lat in degrees, CGCS2000, on the grid of crs.Quantum; rings closed, shells counter-clockwise.
	Geom orb.MultiPolygon
	// Label is a point inside Geom at which a name can stand; zero when not yet computed.
	Label orb.Point
}

// Hash is a digest of everything that makes two versions the same statement about the world: all fields but
// ID and Label. Equal hashes mean that importing one over the other changes nothing.
func (u *Unit) Hash() [32]byte {
	h := sha256.New()
	var b [8]byte
	str := func(s string) {
		binary.LittleEndian.PutUint64(b[:], uint64(len(s)))
		h.Write(b[:])
		h.Write([]byte(s))
	}
	num := func(v uint64) {
		binary.LittleEndian.PutUint64(b[:], v)
		h.Write(b[:])
	}
	str(string(u.Code))
	num(uint64(u.Level))
	str(u.Type)
	str(u.Name)
	str(string(u.Parent))
	num(uint64(uint32(u.Valid.From)))
	num(uint64(uint32(u.Valid.To)))
	num(uint64(u.Secrecy))
	str(u.Source)
	if u.Synthetic {
		num(1)
	} else {
		num(0)
	}
	geom := u.GeomHash()
	h.Write(geom[:])
	var out [32]byte
	h.Sum(out[:0])
	return out
}

// GeomHash is a digest of the geometry alone, independent of the vertex at which a ring starts, of the order
// of polygons and of holes, and of the sense in which rings are given.
func (u *Unit) GeomHash() [32]byte {
	canon := canonical(u.Geom)
	h := sha256.New()
	buf := make([]byte, 0, 16*256)
	put := func(v uint64) {
		buf = binary.LittleEndian.AppendUint64(buf, v)
		if len(buf) >= 16*255 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	put(uint64(len(canon)))
	for _, poly := range canon {
		put(uint64(len(poly)))
		for _, ring := range poly {
			put(uint64(len(ring)))
			for _, p := range ring {
				// −0 and 0 are the same place.
				put(math.Float64bits(p[0] + 0))
				put(math.Float64bits(p[1] + 0))
			}
		}
	}
	h.Write(buf)
	var out [32]byte
	h.Sum(out[:0])
	return out
}
