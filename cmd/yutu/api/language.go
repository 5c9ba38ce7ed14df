package api

import (
	"net/http"
	"strings"

	"yutu/geo"
)

// lang is one of the two languages of the house.
type lang uint8

const (
	zh lang = iota
	en
)

func (l lang) of(t geo.Text) string {
	if l == en {
		return t.EN
	}
	return t.ZH
}

// say chooses between two wordings.
func (l lang) say(zh, en string) string { return l.of(geo.Text{ZH: zh, EN: en}) }

// tag is the BCP 47 name.
func (l lang) tag() string { return l.say("zh-CN", "en") }

// language is what the parameter lang says, else the better liked of the two by Accept-Language, else Chinese.
func language(r *http.Request) lang {
	if r.URL.RawQuery != "" && strings.Contains(r.URL.RawQuery, "lang=") {
		switch r.URL.Query().Get("lang") {
		case "en":
			return en
		case "zh":
			return zh
		}
	}
	header := r.Header.Get("Accept-Language")
	if header == "" || len(header) > 1000 {
		return zh
	}
	var best [2]float64
	for entry := range strings.SplitSeq(header, ",") {
		name, rest, _ := strings.Cut(entry, ";")
		name, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(name)), "-")
		q := quality(rest)
		switch name {
		case "zh", "*":
			best[zh] = max(best[zh], q)
		case "en":
			best[en] = max(best[en], q)
		}
	}
	if best[en] > best[zh] {
		return en
	}
	return zh
}
