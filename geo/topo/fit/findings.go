package fit

import (
	"fmt"
	"slices"
	"strings"

	"yutu/geo"
)

// The rules of the findings, by kind.
var rules = [kinds]string{
	Invalid: "topology-invalid", Overlap: "topology-overlap", Gap: "topology-gap", Uncovered: "topology-uncovered",
	Outside: "topology-outside-parent", Junction: "topology-junction", Near: "topology-near-borders",
	Exclave: "topology-exclave", Enclave: "topology-enclave", Hole: "topology-hole",
}

// String is the rule of the kind in findings.
func (k Kind) String() string { return rules[k] }

// Title names the kind in a heading.
func (k Kind) Title() geo.Text {
	return [kinds]geo.Text{
		Invalid: {ZH: "图形无效", EN: "Invalid polygons"}, Overlap: {ZH: "重叠", EN: "Overlaps"}, Gap: {ZH: "缝隙", EN: "Gaps"},
		Uncovered: {ZH: "下级未覆盖上级", EN: "Ground that no unit below covers"}, Outside: {ZH: "超出上级范围", EN: "Ground outside of the unit above"},
		Junction: {ZH: "接合处缺少公共顶点", EN: "Junctions without a common vertex"}, Near: {ZH: "界线几乎重合", EN: "Borders that nearly coincide"},
		Exclave: {ZH: "飞地", EN: "Exclaves"}, Enclave: {ZH: "被包围的单位", EN: "Enclaves"}, Hole: {ZH: "内部空洞", EN: "Holes"},
	}[k]
}

// The law behind the rules, as domain facts cite it.
const (
	lawSides    = "《行政区域界线管理条例》（国务院令第353号）：一条界线两侧各为一个行政区域，第十四条以详图为界线画法的唯一标准"
	lawUnion    = "《行政区域界线管理条例》（国务院令第353号）：上级区域为其下级区域之和"
	lawEnclaves = "《行政区域界线管理条例》（国务院令第353号）第十一条"
	simple      = "ISO 19125-1"
)

// Severity says what the conflict does: ground claimed twice or by nobody is an error, slivers and vertices are warnings,
// enclaves, exclaves and holes are notes. A gap between units that have no common unit above may be foreign land or a lake,
// hence a warning.
func (x *Conflict) Severity() geo.Severity {
	switch x.Kind {
	case Invalid:
		return geo.Error
	case Overlap, Uncovered, Outside:
		if !x.Thin {
			return geo.Error
		}
		return geo.Warning
	case Gap, Junction, Near:
		return geo.Warning
	}
	return geo.Info
}

// Findings says what the report says in sentences, in its order, with all conflicts that it lists.
func (r *Report) Findings(areas []Area) []geo.Finding {
	out := make([]geo.Finding, 0, len(r.Conflicts))
	for i := range r.Conflicts {
		out = append(out, r.Conflicts[i].finding(areas))
	}
	for k, n := range r.Omitted {
		if n > 0 {
			out = append(out, geo.Finding{Rule: "findings-omitted", Severity: geo.Warning,
				Message: geo.Text{ZH: fmt.Sprintf("规则 %s 另有 %d 处较小的未列出。", Kind(k), n), EN: fmt.Sprintf("%d smaller cases of %s are not listed.", n, Kind(k))}})
		}
	}
	return out
}

// SquareMetres writes an area as people read it.
func SquareMetres(m2 float64) string {
	switch {
	case m2 >= 1e6:
		return fmt.Sprintf("%.3f km²", m2/1e6)
	case m2 >= 100:
		return fmt.Sprintf("%.0f m²", m2)
	case m2 >= 0.1:
		return fmt.Sprintf("%.2f m²", m2)
	}
	return fmt.Sprintf("%.2g m²", m2)
}

func width(m float64) string {
	if m >= 10 {
		return fmt.Sprintf("%.0f m", m)
	}
	return fmt.Sprintf("%.2g m", m)
}

func (x *Conflict) finding(areas []Area) geo.Finding {
	f := geo.Finding{Rule: x.Kind.String(), Severity: x.Severity(), Position: geo.At(x.At[0], x.At[1])}
	if x.Thin && slices.Contains([]Kind{Overlap, Gap, Uncovered, Outside}, x.Kind) {
		f.Rule += "-sliver"
	}
	name := func(i int) string {
		if i < len(x.Areas) {
			return areas[x.Areas[i]].Name
		}
		return ""
	}
	rest := func(i int, sep string) string {
		var names []string
		for ; i < len(x.Areas); i++ {
			names = append(names, name(i))
		}
		return strings.Join(names, sep)
	}
	if len(x.Areas) > 0 {
		a := &areas[x.Areas[0]]
		f.File, f.Record, f.Object = a.File, a.Record, a.Name
	}
	if len(x.Areas) > 1 && x.Kind != Uncovered && x.Kind != Exclave {
		f.Object = rest(0, " / ")
	}
	m2, w := SquareMetres(x.AreaM2), width(x.WidthM)
	say := func(zh, en string) { f.Message = geo.Text{ZH: zh, EN: en} }
	advise := func(zh, en string) { f.Advice = geo.Text{ZH: zh, EN: en} }
	mendZH, mendEN := "请以勘界成果为准修正双方界线；狭长的可用 --repair 在容差内修复。", "Correct both borders after the surveyed line; thin ones can be closed with --repair within a tolerance."
	switch x.Kind {
	case Invalid:
		say(fmt.Sprintf("%s的图形无效（%s），按奇偶规则计算其范围。", name(0), x.Rule), fmt.Sprintf("The polygon of %s is not valid (%s); it was taken to cover what an odd number of its rings go around.", name(0), x.Rule))
		advise("请先修复该图形。", "Mend the polygon first.")
		f.Basis = simple
	case Overlap:
		say(fmt.Sprintf("%s 与 %s 重叠 %s，平均宽 %s。", name(0), name(1), m2, w), fmt.Sprintf("%s and %s overlap by %s, %s wide on average.", name(0), name(1), m2, w))
		advise(mendZH, mendEN)
		f.Basis = lawSides
	case Gap:
		say(fmt.Sprintf("%s 之间有 %s 不属于任何一方，平均宽 %s。", rest(0, "、"), m2, w), fmt.Sprintf("%s between %s belong to none of them, %s wide on average.", m2, rest(0, ", "), w))
		advise(mendZH+"若为湖泊或其他区域的土地，可以接受。", mendEN+" Accept it if it is a lake or the land of others.")
		f.Basis = lawSides
	case Uncovered:
		if len(x.Areas) > 1 {
			say(fmt.Sprintf("%s 有 %s 不属于其任何下级单位，平均宽 %s，旁边是 %s。", name(0), m2, w, rest(1, "、")),
				fmt.Sprintf("%s of %s belong to none of the units below it, %s wide on average, beside %s.", m2, name(0), w, rest(1, ", ")))
		} else {
			say(fmt.Sprintf("%s 有 %s 不属于其任何下级单位。", name(0), m2), fmt.Sprintf("%s of %s belong to none of the units below it.", m2, name(0)))
		}
		advise(mendZH, mendEN)
		f.Basis = lawUnion
	case Outside:
		say(fmt.Sprintf("%s 有 %s 在上级 %s 之外，平均宽 %s。", name(0), m2, name(1), w), fmt.Sprintf("%s of %s lie outside of %s above it, %s wide on average.", m2, name(0), name(1), w))
		advise(mendZH, mendEN)
		f.Basis = lawUnion
	case Junction:
		say(fmt.Sprintf("%s 的顶点落在 %s 的边上，而后者在此没有顶点。", name(0), name(1)), fmt.Sprintf("A vertex of %s lies on an edge of %s, which has no vertex there.", name(0), name(1)))
		advise("请在双方界线上都加上该顶点，--repair 可以代劳。", "Both borders need the vertex; --repair puts it in.")
		f.Basis = lawSides
	case Near:
		say(fmt.Sprintf("%s 与 %s 的外边界有 %s 几乎重合而不相接（%d 个顶点）。", name(0), name(1), width(x.LengthM), x.Vertices),
			fmt.Sprintf("The outer borders of %s and %s run along each other for %s without meeting (%d vertices).", name(0), name(1), width(x.LengthM), x.Vertices))
		advise(mendZH, mendEN)
		f.Basis = lawSides
	case Exclave:
		say(fmt.Sprintf("%s 有一块 %s 的飞地，在 %s 之间。", name(0), m2, rest(1, "、")), fmt.Sprintf("%s has an exclave of %s beside %s.", name(0), m2, rest(1, ", ")))
		f.Basis = lawEnclaves
	case Enclave:
		say(fmt.Sprintf("%s（%s）完全被 %s 包围。", name(0), m2, name(1)), fmt.Sprintf("%s (%s) lies wholly within %s.", name(0), m2, name(1)))
		f.Basis = lawEnclaves
	case Hole:
		say(fmt.Sprintf("%s 内部有 %s 的空洞，不属于任何同级单位。", name(0), m2), fmt.Sprintf("%s has a hole of %s that belongs to no unit of its level.", name(0), m2))
		advise("湖泊或其他区域的土地可以如此；否则请补齐。", "That is right for a lake or the land of others; fill it otherwise.")
	}
	return f
}
