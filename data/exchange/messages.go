package exchange

import (
	"errors"
	"fmt"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
	"yutu/geo/geojson"
	"yutu/geo/topo/valid"
)

// Every finding of this package, in the words of its readers: the file as a whole first, then the columns and the
// reference system, then single records. File, record and object are filled in by the caller where they are
// the same for all findings of a record.

func finding(sev geo.Severity, rule, file, zh, en, adviceZH, adviceEN string) geo.Finding {
	return geo.Finding{
		Rule: rule, Severity: sev, File: file,
		Message: geo.Text{ZH: zh, EN: en}, Advice: geo.Text{ZH: adviceZH, EN: adviceEN},
	}
}

// localized returns what an error has to say in both languages, where it can.
func localized(err error) geo.Text {
	var both interface{ Localized() geo.Text }
	if errors.As(err, &both) {
		return both.Localized()
	}
	return geo.Text{ZH: err.Error(), EN: err.Error()}
}

// quoted shortens what is quoted from a file, so that a damaged file cannot fill the screen.
func quoted(s string) string {
	const most = 80
	rs := []rune(s)
	if len(rs) > most {
		return fmt.Sprintf("%q…", string(rs[:most]))
	}
	return fmt.Sprintf("%q", s)
}

func fileMissing(file string) geo.Finding {
	return finding(geo.Error, "file-missing", file, "文件不存在。", "The file does not exist.",
		"请核对路径和文件名。", "Check the path and the name.")
}

func fileForbidden(file string) geo.Finding {
	return finding(geo.Error, "file-forbidden", file, "没有读取该文件的权限。", "The file may not be read.",
		"请取得读取权限后重试。", "Get the permission to read it and try again.")
}

func fileIsFolder(file string, inside []string) geo.Finding {
	zh, en := "请指定其中的文件。", "Name a file in it."
	if len(inside) > 0 {
		list := strings.Join(inside, ", ")
		zh, en = "请指定其中的一个文件："+list+"。", "Name one of its files: "+list+"."
	}
	return finding(geo.Error, "file-is-folder", file, "这是文件夹，不是文件。", "This is a folder and not a file.", zh, en)
}

func fileEmpty(file string) geo.Finding {
	return finding(geo.Error, "file-empty", file, "文件为空（0 字节）。", "The file is empty (0 bytes).",
		"请重新导出或重新复制文件。", "Export or copy it again.")
}

func fileTooLarge(file string, size, most int64) geo.Finding {
	return finding(geo.Error, "file-too-large", file,
		fmt.Sprintf("文件 %d 字节，超过上限 %d 字节。", size, most),
		fmt.Sprintf("The file has %d bytes, more than the %d that are read.", size, most),
		"请按乡镇或级别分成几个文件导入。", "Split it by township or by level and import the parts.")
}

func fileKind(file, kind string) geo.Finding {
	if kind == "" {
		kind = "?"
	}
	return finding(geo.Error, "file-kind", file,
		fmt.Sprintf("无法作为行政区文件读取（%s）。可读取 GeoJSON、逐行 GeoJSON、Shapefile 和 GeoPackage。", kind),
		fmt.Sprintf("It cannot be read as a file of divisions (%s). GeoJSON, newline-delimited GeoJSON, Shapefile and GeoPackage can.", kind),
		"请在 QGIS 中打开后导出为 GeoPackage。", "Open it in QGIS and export it as a GeoPackage.")
}

func fileDamaged(file, kind string) geo.Finding {
	return finding(geo.Error, "file-kind", file,
		fmt.Sprintf("文件名表示 %s，内容却不是。", kind), fmt.Sprintf("The name says %s and the content is something else.", kind),
		"请重新导出，或检查文件是否下载完整。", "Export it again, or check that it was downloaded completely.")
}

func fileIsArchive(file, kind string) geo.Finding {
	return finding(geo.Error, "file-is-archive", file,
		fmt.Sprintf("这是 %s 压缩文件。", kind), fmt.Sprintf("This is a %s archive.", kind),
		"请先解压，再指定其中的 .shp、.gpkg 或 .geojson 文件。", "Unpack it and name the .shp, .gpkg or .geojson in it.")
}

func fileIsSibling(file, shp string) geo.Finding {
	return finding(geo.Error, "file-is-sibling", file,
		"这是 Shapefile 的附属文件。", "This is only one of the files of a Shapefile.",
		fmt.Sprintf("请指定 %s。", shp), fmt.Sprintf("Name %s.", shp))
}

func badJSON(file string, e *geojson.SyntaxError) geo.Finding {
	f := finding(geo.Error, "geojson-syntax", file,
		fmt.Sprintf("第 %d 个要素（第 %d 字节）无法读取：%s。此后的内容未读取。", e.Record, e.Offset, firstOf(e.MsgZH, e.Msg)),
		fmt.Sprintf("Feature %d (byte %d) cannot be read: %s. What follows was not read.", e.Record, e.Offset, e.Msg),
		"请检查文件是否完整，或重新导出。", "Check that the file is complete, or export it again.")
	f.Record, f.Basis = e.Record, "RFC 7946"
	return f
}

func noRecords(file string) geo.Finding {
	return finding(geo.Error, "no-records", file, "文件中没有任何记录。", "The file holds no records.",
		"请核对图层和导出范围。", "Check the layer and what was selected for export.")
}

func mapUnknownField(file, field string) geo.Finding {
	return finding(geo.Error, "map-field", file,
		fmt.Sprintf("--map 中的 %s 不是可用的字段。", quoted(field)), fmt.Sprintf("--map names %s, which is no field.", quoted(field)),
		"可用字段："+strings.Join(fields, "、")+"。", "The fields are: "+strings.Join(fields, ", ")+".")
}

func mapUnknownColumn(file, field, theirs string, all []string) geo.Finding {
	return finding(geo.Error, "map-column", file,
		fmt.Sprintf("--map 指定 %s=%s，但文件没有此列。", field, theirs), fmt.Sprintf("--map says %s=%s and the file has no such column.", field, theirs),
		"现有列："+listColumns(all)+"。", "The file has: "+listColumns(all)+".")
}

func columnMissing(file, field string, all []string) geo.Finding {
	what := map[string]geo.Text{
		fieldCode: {ZH: "行政区划代码", EN: "the division code"},
		fieldName: {ZH: "名称", EN: "the name"},
	}[field]
	f := finding(geo.Error, "column-missing", file,
		fmt.Sprintf("找不到%s列。现有列：%s。", what.ZH, listColumns(all)),
		fmt.Sprintf("No column was found for %s. The file has: %s.", what.EN, listColumns(all)),
		fmt.Sprintf("请用 --map %s=列名 指定。", field), fmt.Sprintf("Say which it is with --map %s=COLUMN.", field))
	f.Basis = "GB/T 2260"
	return f
}

func columnAmbiguous(file, field, taken, other string) geo.Finding {
	return finding(geo.Warning, "column-ambiguous", file,
		fmt.Sprintf("%s 有两个可能的列：%s 和 %s，内容不同；采用 %s。", field, taken, other, taken),
		fmt.Sprintf("Two columns may be %s, %s and %s, and they differ; %s was taken.", field, taken, other, taken),
		fmt.Sprintf("如不正确，请用 --map %s=%s 指定。", field, other), fmt.Sprintf("If that is wrong, say --map %s=%s.", field, other))
}

func crsOptionUnknown(file, given string, err error) geo.Finding {
	why := localized(err)
	return finding(geo.Error, "crs-unknown", file,
		fmt.Sprintf("--crs %s 不能使用：%s。", quoted(given), why.ZH), fmt.Sprintf("--crs %s cannot be used: %s.", quoted(given), why.EN),
		crsAdviceZH, crsAdviceEN)
}

const (
	crsAdviceZH = "请用 --crs 指定，例如 EPSG:4490(CGCS2000 经纬度)、EPSG:4549(CGCS2000 3 度带，中央经线 120°,不带带号)、EPSG:4528(同上，带带号)。"
	crsAdviceEN = "Say it with --crs, such as EPSG:4490 (CGCS2000 degrees), EPSG:4549 (CGCS2000 3-degree zone of 120° E without zone number), EPSG:4528 (the same with zone number)."
)

func crsUnknown(file, from, text string, err error) geo.Finding {
	zh, en := "文件未说明坐标系（"+from+"）。", "The file does not say its reference system ("+from+")."
	if text != "" {
		why := localized(err)
		zh = "文件声明的坐标系不能使用（" + from + "）：" + quoted(text) + "。" + why.ZH + "。"
		en = "The reference system of the file cannot be used (" + from + "): " + quoted(text) + "; " + why.EN + "."
	}
	return finding(geo.Error, "crs-unknown", file, zh, en, crsAdviceZH, crsAdviceEN)
}

func crsOverridden(file, declared, from, used string) geo.Finding {
	return finding(geo.Info, "crs-overridden", file,
		fmt.Sprintf("文件声明 %s(%s)，按 --crs 采用 %s。", declared, from, used),
		fmt.Sprintf("The file says %s (%s); %s was used because of --crs.", declared, from, used), "", "")
}

func suspicious(file string, s crs.Suspicion) geo.Finding {
	f := geo.Finding{Rule: s.Kind, Severity: geo.Error, File: file, Message: s.Message, Advice: s.Advice}
	if s.Proposed != "" && f.Advice == (geo.Text{}) {
		f.Advice = geo.Text{ZH: "建议更正为：" + s.Proposed + "。", EN: "Proposed correction: " + s.Proposed + "."}
	}
	return f
}

func outsideExtent(file string, u *unit, n int) geo.Finding {
	f := finding(geo.Warning, "outside-extent", file,
		fmt.Sprintf("%d 个单位有坐标在东经 %g°–%g°、北纬 %g°–%g° 之外，第一个是本条。", n, extent.west, extent.east, extent.south, extent.north),
		fmt.Sprintf("%d units have coordinates outside %g–%g° E, %g–%g° N; this is the first.", n, extent.west, extent.east, extent.south, extent.north),
		"请核对坐标系。", "Check the reference system.")
	p := u.Geom.Bound().Center()
	f.Record, f.Object, f.Position = u.record, u.object(), geo.At(p[0], p[1])
	return f
}

func codeUnreadable(raw, name string) geo.Finding {
	f := finding(geo.Error, "code-unreadable", "",
		fmt.Sprintf("代码 %s 不是 2、4、6、9 或 12 位数字。", quoted(raw)), fmt.Sprintf("The code %s is not 2, 4, 6, 9 or 12 digits.", quoted(raw)),
		"请更正代码，或用 --map code=列名 指定另一列。", "Correct it, or name another column with --map code=COLUMN.")
	f.Object, f.Basis = name, "GB/T 2260; 县级以下行政区划代码编制规则"
	return f
}

func levelUnreadable(s string, used division.Level) geo.Finding {
	return finding(geo.Warning, "level-unreadable", "",
		fmt.Sprintf("级别 %s 无法识别，采用 %s。", quoted(s), levelZH(used)), fmt.Sprintf("The level %s is not known; %s was used.", quoted(s), used),
		"请写省、市、县、乡、村，或 1–5。", "Write province, prefecture, county, township, village, or 1–5.")
}

func levelDisagrees(level, byCode division.Level) geo.Finding {
	return finding(geo.Warning, "level-code-disagree", "",
		fmt.Sprintf("级别为%s，而代码是%s代码。", levelZH(level), levelZH(byCode)), fmt.Sprintf("The level is %s and the code that of a %s.", level, byCode),
		"请核对代码和级别。", "Check code and level.")
}

func levelZH(l division.Level) string {
	return [...]string{"未知", "省级", "地级", "县级", "乡级", "村级"}[min(l, division.Village)]
}

func nameEmpty() geo.Finding {
	return finding(geo.Error, "name-empty", "", "名称为空。", "The name is empty.", "请填写标准名称。", "Fill in the standard name.")
}

func nameLong(name string, n int) geo.Finding {
	return finding(geo.Warning, "name-long", "",
		fmt.Sprintf("名称有 %d 个字：%s。", n, quoted(name)), fmt.Sprintf("The name has %d characters: %s.", n, quoted(name)),
		"请核对是否取错了列。", "Check that the right column was taken.")
}

func controlCharacter(s string, bad rune) geo.Finding {
	return finding(geo.Error, "control-character", "",
		fmt.Sprintf("%s 含有不可见的控制字符 U+%04X。", quoted(s), bad), fmt.Sprintf("%s holds the invisible control character U+%04X.", quoted(s), bad),
		"请删去该字符。", "Remove it.")
}

func parentUnreadable(s string) geo.Finding {
	return finding(geo.Error, "parent-unreadable", "",
		fmt.Sprintf("上级代码 %s 不是 2、4、6、9 或 12 位数字。", quoted(s)), fmt.Sprintf("The parent %s is not a code of 2, 4, 6, 9 or 12 digits.", quoted(s)),
		"请更正上级代码。", "Correct it.")
}

func parentDisagrees(code, parent division.Code) geo.Finding {
	return finding(geo.Warning, "parent-code-disagree", "",
		fmt.Sprintf("上级 %s 与代码 %s 的前几位不符。", parent.Short(), code.Short()), fmt.Sprintf("The parent %s does not agree with the first digits of %s.", parent.Short(), code.Short()),
		"请核对上级代码；跨区划代管的可以接受。", "Check the parent; accept it where one unit administers another's land.")
}

func parentMissing(code, parent division.Code) geo.Finding {
	if parent == "" {
		return finding(geo.Error, "parent-missing", "",
			fmt.Sprintf("无法由代码 %s 得知上级单位。", code), fmt.Sprintf("The code %s does not say which unit is above.", code),
			"请填写上级代码。", "Fill in the code of the parent.")
	}
	return finding(geo.Error, "parent-missing", "",
		fmt.Sprintf("上级单位 %s 在文件和数据库中都不存在。", parent), fmt.Sprintf("The parent %s is neither in the file nor in the database.", parent),
		"请先导入上级单位，或更正代码。", "Import the unit above first, or correct the code.")
}

func parentNotAbove(level division.Level, parent division.Code, parentLevel division.Level) geo.Finding {
	return finding(geo.Error, "parent-not-above", "",
		fmt.Sprintf("上级 %s 是%s，不高于本单位的%s。", parent, levelZH(parentLevel), levelZH(level)),
		fmt.Sprintf("The parent %s is a %s, which is not above a %s.", parent, parentLevel, level),
		"请更正上级代码或级别。", "Correct the parent or the level.")
}

func parentNotInForce(parent division.Code, r division.Range) geo.Finding {
	return finding(geo.Warning, "parent-not-in-force", "",
		fmt.Sprintf("上级 %s 在本单位有效期（%s）内没有有效版本。", parent, rangeText(r)), fmt.Sprintf("No version of the parent %s is valid while this unit is (%s).", parent, rangeText(r)),
		"请核对两者的有效期。", "Check the dates of both.")
}

func rangeText(r division.Range) string { return r.From.String() + "…" + r.To.String() }

func dateUnreadable(field, s string) geo.Finding {
	return finding(geo.Error, "date-unreadable", "",
		fmt.Sprintf("%s 的值 %s 不是日期。", field, quoted(s)), fmt.Sprintf("%s in %s is not a date.", quoted(s), field),
		"请写 YYYY-MM-DD。", "Write YYYY-MM-DD.")
}

func dateOrder(r division.Range) geo.Finding {
	return finding(geo.Error, "date-order", "",
		fmt.Sprintf("失效日期 %s 不晚于生效日期 %s。", r.To, r.From), fmt.Sprintf("The end %s is not after the beginning %s.", r.To, r.From),
		"请更正日期；失效日期当天已不再有效。", "Correct the dates; the unit is no longer valid on the day of its end.")
}

func secrecyUnreadable(s string) geo.Finding {
	return finding(geo.Error, "secrecy-unreadable", "",
		fmt.Sprintf("密级 %s 无法识别。", quoted(s)), fmt.Sprintf("The secrecy %s is not known.", quoted(s)),
		"请写公开、内部或秘密。", "Write public, internal or secret.")
}

func syntheticUnreadable(s string) geo.Finding {
	return finding(geo.Error, "synthetic-unreadable", "",
		fmt.Sprintf("synthetic 的值 %s 无法识别。", quoted(s)), fmt.Sprintf("%s in the column synthetic is not known.", quoted(s)),
		"请写 true 或 false。", "Write true or false.")
}

func codeDuplicate(first *unit) geo.Finding {
	return finding(geo.Error, "code-duplicate", "",
		fmt.Sprintf("代码 %s 重复：第 %d 条记录（%s）已使用。", first.Code, first.record, first.Name),
		fmt.Sprintf("The code %s is a duplicate: record %d (%s) bears it already.", first.Code, first.record, first.Name),
		"请删去重复的记录或更正代码；同一单位的几块应合为一条记录。", "Remove one of them or correct the code; parts of one unit belong into one record.")
}

func codeOverlap(first, second *unit) geo.Finding {
	return finding(geo.Error, "code-overlap-in-time", "",
		fmt.Sprintf("代码 %s 在同一日期有两个单位：第 %d 条记录（%s）有效期 %s，本条 %s。", first.Code, first.record, first.Name, rangeText(first.Valid), rangeText(second.Valid)),
		fmt.Sprintf("Two units bear the code %s on the same date: record %d (%s) is valid %s, this one %s.", first.Code, first.record, first.Name, rangeText(first.Valid), rangeText(second.Valid)),
		"请更正有效期，使前一个的失效日期不晚于后一个的生效日期。", "Correct the dates, so that the earlier ends before the later begins.")
}

func outsideParent(label orb.Point, parent *unit) geo.Finding {
	f := finding(geo.Warning, "outside-parent", "",
		fmt.Sprintf("本单位的中心位置不在上级单位 %s 的范围内。", parent.object()), fmt.Sprintf("The middle of this unit does not lie in its parent %s.", parent.object()),
		"请核对代码与图形是否对应。", "Check that code and geometry belong together.")
	f.Position = geo.At(label[0], label[1])
	return f
}

func geometryKind(kind string) geo.Finding {
	return finding(geo.Error, "geometry-kind", "",
		fmt.Sprintf("图形类型为 %s，行政区必须是面。", kind), fmt.Sprintf("The geometry is a %s; divisions must be polygons.", kind),
		"请选择面图层。", "Choose the polygon layer.")
}

func geometryEmpty() geo.Finding {
	return finding(geo.Error, "geometry-empty", "", "没有图形。", "There is no geometry.",
		"请补绘图形或删去该记录。", "Draw it or remove the record.")
}

func geometryTooLarge(n int) geo.Finding {
	return finding(geo.Error, "geometry-too-large", "",
		fmt.Sprintf("图形有 %d 个顶点，超过上限 %d。", n, maxVertices), fmt.Sprintf("The geometry has %d vertices, more than the %d that are read.", n, maxVertices),
		"请适当抽稀后重新导出。", "Simplify it and export again.")
}

func coordinateRefused(err error) geo.Finding {
	why := localized(err)
	return finding(geo.Error, "coordinate-out-of-range", "", why.ZH+"。", why.EN+".",
		"请核对坐标系（--crs）或更正该点。", "Check the reference system (--crs), or correct the point.")
}

func moreViolations(rest []valid.Violation) geo.Finding {
	worst, n := geo.Info, len(rest)
	for _, v := range rest {
		worst = max(worst, violation(v).Severity)
	}
	return finding(worst, "geometry-more", "",
		fmt.Sprintf("该图形另有 %d 处问题未列出。", n), fmt.Sprintf("This geometry has %d more faults that are not listed.", n),
		"请在 QGIS 中用“修正几何图形”处理。", "Use “Fix geometries” in QGIS.")
}

var violationTexts = map[string]geo.Text{
	"ring-not-closed":       {ZH: "环不闭合：首尾两点不同。", EN: "The ring is not closed: its first and last point differ."},
	"ring-too-short":        {ZH: "环的点太少，围不成面。", EN: "The ring has too few points to enclose anything."},
	"ring-self-crossing":    {ZH: "环与自身相交。", EN: "The ring crosses itself."},
	"hole-outside-shell":    {ZH: "洞在其外环之外。", EN: "The hole lies outside its shell."},
	"holes-overlap":         {ZH: "两个洞相互重叠。", EN: "Two holes overlap."},
	"shells-overlap":        {ZH: "两块面相互重叠。", EN: "Two parts overlap."},
	"duplicate-vertex":      {ZH: "同一点连续出现；读入时去掉。", EN: "A point is repeated; it is dropped when read."},
	"spike":                 {ZH: "边界去而复返，形成尖刺。", EN: "The border goes out and comes back on itself, a spike."},
	"edge-shared":           {ZH: "两个环有一段重合。", EN: "Two rings run along each other."},
	"interior-disconnected": {ZH: "洞与边界相接，把面切成了互不相连的几块。", EN: "Holes that touch cut the polygon into pieces."},
	"too-tangled":           {ZH: "线段重叠过多，无法检查。", EN: "So many segments lie over each other that it cannot be checked."},
	"non-finite":            {ZH: "坐标不是有限的数。", EN: "A coordinate is not a finite number."},
}

func violation(v valid.Violation) geo.Finding {
	text, ok := violationTexts[v.Rule]
	if !ok {
		text = geo.Text{ZH: "图形不合法。", EN: "The geometry is not valid."}
	}
	f := geo.Finding{Rule: v.Rule, Severity: geo.Error, Message: geo.Text{
		ZH: fmt.Sprintf("%s(第 %d 块，第 %d 个环)", text.ZH, v.Polygon+1, v.Ring+1),
		EN: fmt.Sprintf("%s (part %d, ring %d)", text.EN, v.Polygon+1, v.Ring+1),
	}, Basis: "ISO 19125-1 (OGC 06-103r4) 6.1.11"}
	if v.Rule == "duplicate-vertex" {
		f.Severity = geo.Info
	} else {
		f.Advice = geo.Text{ZH: "请在 QGIS 中修正该处后重新导出。", EN: "Mend the place in QGIS and export again."}
	}
	if v.Rule != "non-finite" {
		f.Position = geo.At(v.Position[0], v.Position[1])
	}
	return f
}
