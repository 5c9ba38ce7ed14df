package topo

import (
	"fmt"

	"github.com/paulmach/orb"

	"yutu/geo"
)

// Refusal is an edit that the geometry does not allow. The shapes given stay as they are.
type Refusal interface {
	error
	// Finding says for a person why, and where; its severity is Error.
	Finding() geo.Finding
}

// NoCrossing: a line does not reach the border it should cross or end on. Line and Border are the two nearest points,
// lon, lat in degrees, and DistanceM is how far apart they lie, in metres on the ellipsoid.
type NoCrossing struct {
	Line, Border orb.Point
	DistanceM    float64
}

func (e *NoCrossing) Error() string {
	return fmt.Sprintf("the line does not cross: %s is %.4g m from the border at %s", place(e.Line), e.DistanceM, place(e.Border))
}

func (e *NoCrossing) Finding() geo.Finding {
	return refused("line-does-not-cross", e.Line, geo.Text{
		ZH: fmt.Sprintf("线没有到达界线：线上 %s 距界线最近处 %s 有 %.4g 米", place(e.Line), place(e.Border), e.DistanceM),
		EN: fmt.Sprintf("The line does not reach the border: %s on the line is %.4g m from the nearest place of the border, %s", place(e.Line), e.DistanceM, place(e.Border)),
	}, geo.Text{ZH: "把线的两端延长到界线上或界线外", EN: "Draw both ends of the line onto or beyond the border"})
}

// ManyCrossings: a line cuts an area otherwise than into two parts. Positions are where it meets the border.
type ManyCrossings struct {
	Positions []orb.Point
	// Parts is how many pieces the line would make.
	Parts int
}

func (e *ManyCrossings) Error() string {
	return fmt.Sprintf("the line meets the border at %d places, first %s, and would make %d parts instead of 2", len(e.Positions), place(e.Positions[0]), e.Parts)
}

func (e *ManyCrossings) Finding() geo.Finding {
	return refused("line-crosses-several-times", e.Positions[0], geo.Text{
		ZH: fmt.Sprintf("线与界线相交 %d 处，会分成 %d 块，而不是两块", len(e.Positions), e.Parts),
		EN: fmt.Sprintf("The line meets the border at %d places and would make %d parts instead of two", len(e.Positions), e.Parts),
	}, geo.Text{ZH: "画一条只穿过一次的线，或分几次拆分", EN: "Draw a line that crosses once, or split step by step"})
}

// SelfCrossing: a line crosses or touches itself.
type SelfCrossing struct{ Position orb.Point }

func (e *SelfCrossing) Error() string {
	return "the line crosses or touches itself at " + place(e.Position)
}

func (e *SelfCrossing) Finding() geo.Finding {
	return refused("line-crosses-itself", e.Position, geo.Text{
		ZH: "线在 " + place(e.Position) + " 与自身相交或相接",
		EN: "The line crosses or touches itself at " + place(e.Position),
	}, geo.Text{ZH: "重画这一段", EN: "Draw that stretch again"})
}

// BadShape: shapes overlap, do not share their borders vertex for vertex, or would not be valid after the edit.
type BadShape struct {
	// Shape is the index of the shape, or -1 where several together are meant.
	Shape int
	// Rule is a rule of geo/topo/valid, or "overlap".
	Rule     string
	Position orb.Point
}

func (e *BadShape) Error() string {
	return fmt.Sprintf("the area is not sound at %s: %s", place(e.Position), e.Rule)
}

func (e *BadShape) Finding() geo.Finding {
	return refused("edit-makes-invalid-area", e.Position, geo.Text{
		ZH: fmt.Sprintf("面在 %s 处不合规（%s）：面相互重叠，或公共界线的点不一致", place(e.Position), e.Rule),
		EN: fmt.Sprintf("The area is not sound at %s (%s): areas overlap, or do not share their border vertex for vertex", place(e.Position), e.Rule),
	}, geo.Text{ZH: "先做拓扑检查并修复", EN: "Run the topology check and repair first"})
}

// CrossesBorder: a new border runs across or touches another one. Shape is the index of a shape with that border.
type CrossesBorder struct {
	Shape    int
	Position orb.Point
}

func (e *CrossesBorder) Error() string {
	return fmt.Sprintf("the new border meets another border of shape %d at %s", e.Shape, place(e.Position))
}

func (e *CrossesBorder) Finding() geo.Finding {
	return refused("line-crosses-other-border", e.Position, geo.Text{
		ZH: "新界线在 " + place(e.Position) + " 与另一条界线相交或相接",
		EN: "The new border crosses or touches another border at " + place(e.Position),
	}, geo.Text{ZH: "让新界线避开其他界线，或先调整那条界线", EN: "Keep clear of other borders, or move that border first"})
}

// LeavesNode: a border of another unit ends on the stretch to be replaced, and the new line does not pass there.
type LeavesNode struct {
	// Shape is the index of a shape whose border begins or ends to follow the stretch at Position.
	Shape    int
	Position orb.Point
	// Nearest is the point of the new line nearest to it, DistanceM away in metres.
	Nearest   orb.Point
	DistanceM float64
}

func (e *LeavesNode) Error() string {
	return fmt.Sprintf("a border of shape %d ends on the old border at %s, which the new line passes at %.4g m", e.Shape, place(e.Position), e.DistanceM)
}

func (e *LeavesNode) Finding() geo.Finding {
	return refused("border-ends-on-stretch", e.Position, geo.Text{
		ZH: fmt.Sprintf("另一条界线止于旧界线上的 %s，新界线距该处 %.4g 米", place(e.Position), e.DistanceM),
		EN: fmt.Sprintf("Another border ends on the old one at %s; the new line passes %.4g m from there", place(e.Position), e.DistanceM),
	}, geo.Text{ZH: "让新界线经过该点，或分段调整下级单位的界线", EN: "Lead the new line through that point, or move the borders of the lower units piece by piece"})
}

// NotShared: two shapes have no border in common, or none that leads from one end of the line to the other.
type NotShared struct{ Position orb.Point }

func (e *NotShared) Error() string {
	return "no border that both units share leads from one end of the line to the other; it breaks off at " + place(e.Position)
}

func (e *NotShared) Finding() geo.Finding {
	return refused("border-not-shared", e.Position, geo.Text{
		ZH: "线的两端之间没有两个单位共有的连续界线，在 " + place(e.Position) + " 处中断",
		EN: "No continuous border of both units leads from one end of the line to the other; it breaks off at " + place(e.Position),
	}, geo.Text{ZH: "两端须在这两个单位的同一段公共界线上", EN: "Both ends must lie on one stretch of the border that the two units share"})
}

func refused(rule string, at orb.Point, message, advice geo.Text) geo.Finding {
	return geo.Finding{Rule: rule, Severity: geo.Error, Position: geo.At(at[0], at[1]), Message: message, Advice: advice}
}

// place writes a position for a person: six decimals are a tenth of a metre.
func place(p orb.Point) string { return fmt.Sprintf("%.6f, %.6f", p[0], p[1]) }
