package division

import (
	"time"

	"github.com/paulmach/orb"

	"yutu/geo"
)

// EventKind says what the law made of divisions on a date.
type EventKind string

const (
	Establish EventKind = "establish" // 设立
	Abolish   EventKind = "abolish"   // 撤销
	Merge     EventKind = "merge"     // 合并
	Split     EventKind = "split"     // 拆分
	Transfer  EventKind = "transfer"  // 划转
	Rename    EventKind = "rename"    // 更名
	Recode    EventKind = "recode"    // 变更代码
	Upgrade   EventKind = "upgrade"   // 乡改镇、镇改街道
	Reseat    EventKind = "reseat"    // 驻地迁移
	Adjust    EventKind = "adjust"    // 界线变更
)

// EventKinds lists all kinds.
var EventKinds = [...]EventKind{Establish, Abolish, Merge, Split, Transfer, Rename, Recode, Upgrade, Reseat, Adjust}

// Document is the approval on which an event rests (批准文件).
type Document struct {
	// Number is as the issuer writes it: 浙政函〔2018〕1号.
	Number string `json:"number"`
	Issuer string `json:"issuer"`
	Title  string `json:"title"`
	// Date is the day of the document; nil when it is not known.
	Date *Date `json:"date"`
}

// Event is one event on record. What it made of which version stands in its edges.
type Event struct {
	ID   int64
	Kind EventKind
	// Date is the first day on which what the event made is in force.
	Date       Date
	Document   Document
	Note       string
	Actor      string
	RecordedAt time.Time
}

// Edge says what became of a version in an event: a part of Before, or all of it, is After from then on.
type Edge struct {
	// EventID is 0 for an event that is not yet stored, and where a version follows on another without an event on record.
	EventID int64 `json:"event"`
	// Before and After are IDs of versions; 0 where nothing on record was there, or followed. They are equal for an event that
	// leaves the version as it is (Reseat).
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	// AreaShare is the share of Before's area that went to After, 0 to 1. The shares of all that became of a version sum to 1.
	AreaShare float64 `json:"area_share"`
	// AreaM2 is that area on the ellipsoid.
	AreaM2 float64 `json:"area_m2"`
	// PopulationShare is the share of Before's people that went to After, 0 to 1; nil when it is not known.
	PopulationShare *float64 `json:"population_share"`
}

// Request is an event that somebody wants to record: the body of POST /api/v1/divisions/events.
type Request struct {
	Kind     EventKind `json:"kind"`
	Date     Date      `json:"date"`
	Document Document  `json:"document"`
	Note     string    `json:"note,omitempty"`
	// Units are the subjects, in force on the day before Date.
	Units []Code `json:"units,omitempty"`
	// Results are what comes into being: one for Merge, Rename, Recode, Upgrade, Establish; for Split one for each part, that on the
	// left of the line first, or that of the Members first.
	Results []Result `json:"results,omitempty"`
	// Line is where a Split or a Transfer cuts, or the new course of a border for Adjust.
	Line Line `json:"line,omitempty"`
	// Members are the units below that go to Results[0] (Split, Establish) or to To (Transfer).
	Members []Code `json:"members,omitempty"`
	// To is the unit that receives (Transfer, Abolish).
	To Code `json:"to,omitempty"`
	// Children are new codes of units below that follow; others get the next free number of their kind.
	Children []Recoding `json:"children,omitempty"`
	// Enclave allows a unit of parts that do not touch.
	Enclave bool `json:"enclave,omitempty"`
	// PopulationShares are the shares of people by result, 0 to 1, for Split; for Transfer one number, the share that goes.
	PopulationShares []float64 `json:"population_shares,omitempty"`
	// Seat is lon, lat in degrees, CGCS2000 (Reseat).
	Seat *[2]float64 `json:"seat,omitempty"`
}

// Result is a unit that an event brings about. What is left empty is taken from the subject, Code from the next free number
// of the type.
type Result struct {
	Code   Code   `json:"code,omitempty"`
	Name   string `json:"name,omitempty"`
	Type   string `json:"type,omitempty"`
	Parent Code   `json:"parent,omitempty"`
	// Geometry is the area of a unit that Establish draws; GeoJSON Polygon or MultiPolygon.
	Geometry Area `json:"geometry,omitempty"`
}

// Recoding gives a unit that follows its parent a new code.
type Recoding struct {
	Code    Code `json:"code"`
	NewCode Code `json:"new_code"`
}

// Line is a line that reads and writes itself as GeoJSON LineString; lon, lat in degrees, CGCS2000.
type Line orb.LineString

// Area is an area that reads itself from GeoJSON Polygon or MultiPolygon and writes itself as MultiPolygon.
type Area orb.MultiPolygon

// Refusal is a Finding about a request, with the part of the request that it is about.
type Refusal struct {
	geo.Finding
	// Field is the member of the request, such as "units", "results.0.code" or "line".
	Field string `json:"field,omitempty"`
	// Nearest are the two positions between which a line fails to reach a border; lon, lat in degrees.
	Nearest *[2][2]float64 `json:"nearest,omitempty"`
	// EventID is the recorded event that stands in the way; 0 for none.
	EventID int64 `json:"event,omitempty"`
}

// CodeRange says which serial numbers of a level belong to a type of unit (县级以下行政区划代码编制规则).
type CodeRange struct {
	Level Level
	// Type is the legal kind, such as 街道; Generic the ending of its names, such as 社区.
	Type, Generic string
	// From and To are the first and the last number.
	From, To int
}

// EndVersion ends a version: Date is the first day on which it is no longer in force.
type EndVersion struct {
	ID   int64
	Date Date
}

// Effect is what recording a request does. It is a value: nothing has happened yet.
type Effect struct {
	// Request has everything filled in that was left open: codes, names, types, parents, codes of children.
	Request Request
	// End are versions in force that end on the event's date.
	End []EndVersion
	// Begin are the versions that begin then. Their IDs are −1, −2 … in this order, until the store gives them others.
	Begin []Unit
	// Amend are versions that stay the statements they are, but get vertices where others end on their border: same ID, same
	// everything, another Geom (within 1e-9 degree of the old). A version may be both amended and ended.
	Amend []Unit
	// Lineage names versions that begin by their negative IDs; EventID is 0.
	Lineage []Edge
	// Warnings are worth a person's consent.
	Warnings []Refusal
}

// Reversal is what takes an event back.
type Reversal struct {
	// Remove are the versions that the event began.
	Remove []int64
	// Reopen are the versions that the event ended; they are in force until further notice again.
	Reopen []int64
	// Restore are versions that the event amended, with the geometry that they had.
	Restore []Unit
}
