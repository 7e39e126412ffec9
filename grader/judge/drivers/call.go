package main

// Reads a call's arguments and writes its result, both as JSON. Every name begins with tst.
//
// The arguments were written by the judge. What the function returned is written as what it is, and judged
// outside: whatever a submission does to this, it can only change the value it is judged by.

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

const tstDeepest = 64

type tstInput struct {
	text string
	at   int
}

func tstOpen(path string) *tstInput {
	text, err := os.ReadFile(path)
	if err != nil {
		panic("driver: no arguments")
	}
	os.Remove(path)
	return &tstInput{text: string(text)}
}

func (in *tstInput) next() byte {
	for in.text[in.at] == ' ' || in.text[in.at] == '\n' {
		in.at++
	}
	return in.text[in.at]
}

func (in *tstInput) expect(wanted byte) {
	if in.next() != wanted {
		panic("driver: arguments of another type")
	}
	in.at++
}

// Whether another item follows, taking the comma before it, or else the closing bracket.
func (in *tstInput) more(close byte) bool {
	if in.next() == close {
		in.at++
		return false
	}
	if in.text[in.at] == ',' {
		in.at++
	}
	return true
}

func (in *tstInput) number() string {
	in.next()
	start := in.at
	for strings.IndexByte("+-.0123456789eE", in.text[in.at]) >= 0 {
		in.at++
	}
	return in.text[start:in.at]
}

func (in *tstInput) intValue() int {
	value, err := strconv.Atoi(in.number())
	if err != nil {
		panic(err)
	}
	return value
}

func (in *tstInput) floatValue() float64 {
	if in.next() == '{' {
		end := in.at + strings.IndexByte(in.text[in.at:], '}')
		name := in.text[in.at+11 : end-1]
		in.at = end + 1
		return map[string]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)}[name]
	}
	value, _ := strconv.ParseFloat(in.number(), 64)
	return value
}

func (in *tstInput) boolValue() bool {
	value := in.next() == 't'
	in.at += 5
	if value {
		in.at--
	}
	return value
}

// The judge escapes only quotes, backslashes and control characters.
func (in *tstInput) strValue() string {
	in.expect('"')
	var value strings.Builder
	for ; in.text[in.at] != '"'; in.at++ {
		c := in.text[in.at]
		if c == '\\' {
			in.at++
			c = in.text[in.at]
			if c == 'u' {
				code, _ := strconv.ParseUint(in.text[in.at+1:in.at+5], 16, 16)
				value.WriteRune(rune(code))
				in.at += 4
				continue
			}
			if form := strings.IndexByte("bfnrt", c); form >= 0 {
				c = "\b\f\n\r\t"[form]
			}
		}
		value.WriteByte(c)
	}
	in.at++
	return value.String()
}

func tstItem[T any](in *tstInput, before byte, read func() T) T {
	in.expect(before)
	return read()
}

func tstEnd[T any](in *tstInput, value T) T {
	in.expect(']')
	return value
}

func tstMaybe[T any](in *tstInput, read func() T) *T {
	if in.next() == 'n' {
		in.at += 4
		return nil
	}
	value := read()
	return &value
}

func tstList[T any](in *tstInput, read func() T) []T {
	items := []T{}
	for in.expect('['); in.more(']'); {
		items = append(items, read())
	}
	return items
}

func tstMap[T any](in *tstInput, read func() T) map[string]T {
	items := map[string]T{}
	for in.expect('{'); in.more('}'); {
		key := in.strValue()
		in.expect(':')
		items[key] = read()
	}
	return items
}

func tstAnswer(value any, path string) {
	var out strings.Builder
	out.WriteString(`{"value":`)
	tstWrite(&out, reflect.ValueOf(value), 0)
	out.WriteByte('}')
	if os.WriteFile(path, []byte(out.String()), 0o644) != nil {
		os.Exit(71)
	}
}

func tstWrite(out *strings.Builder, value reflect.Value, depth int) {
	if depth > tstDeepest {
		out.WriteString(`{"$foreign":"too large"}`)
		return
	}
	switch value.Kind() {
	case reflect.Invalid:
		out.WriteString("null")
	case reflect.Bool:
		out.WriteString(strconv.FormatBool(value.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		out.WriteString(strconv.FormatInt(value.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		out.WriteString(strconv.FormatUint(value.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		tstWriteFloat(out, value.Float())
	case reflect.String:
		tstWriteText(out, value.String())
	case reflect.Slice, reflect.Array:
		out.WriteByte('[')
		for i := 0; i < value.Len(); i++ {
			if i > 0 {
				out.WriteByte(',')
			}
			tstWrite(out, value.Index(i), depth+1)
		}
		out.WriteByte(']')
	case reflect.Map:
		tstWriteMap(out, value, depth)
	case reflect.Pointer, reflect.Interface:
		tstWrite(out, value.Elem(), depth)
	default:
		tstWriteTuple(out, value, depth)
	}
}

func tstWriteMap(out *strings.Builder, value reflect.Value, depth int) {
	out.WriteString(`{"$dict":[`)
	comma := ""
	for pairs := value.MapRange(); pairs.Next(); comma = "," {
		out.WriteString(comma + "[")
		tstWrite(out, pairs.Key(), depth+1)
		out.WriteByte(',')
		tstWrite(out, pairs.Value(), depth+1)
		out.WriteByte(']')
	}
	out.WriteString("]}")
}

func tstWriteTuple(out *strings.Builder, value reflect.Value, depth int) {
	tuple, is := any(nil), false
	if value.CanInterface() {
		tuple, is = value.Interface(), true
	}
	known, isTuple := tuple.(tstTuple)
	if !is || !isTuple {
		out.WriteString(`{"$foreign":"other"}`)
		return
	}
	out.WriteString(`{"$tuple":[`)
	for i, item := range known.tstItems() {
		if i > 0 {
			out.WriteByte(',')
		}
		tstWrite(out, reflect.ValueOf(item), depth+1)
	}
	out.WriteString("]}")
}

func tstWriteFloat(out *strings.Builder, value float64) {
	switch {
	case math.IsNaN(value):
		out.WriteString(`{"$float":"nan"}`)
	case math.IsInf(value, 1):
		out.WriteString(`{"$float":"inf"}`)
	case math.IsInf(value, -1):
		out.WriteString(`{"$float":"-inf"}`)
	default:
		text := strconv.FormatFloat(value, 'g', -1, 64)
		out.WriteString(text)
		if !strings.ContainsAny(text, ".e") {
			out.WriteString(".0")
		}
	}
}

func tstWriteText(out *strings.Builder, value string) {
	if !utf8.ValidString(value) {
		out.WriteString(`{"$foreign":"bytes"}`)
		return
	}
	out.WriteByte('"')
	for _, c := range value {
		if c < 0x20 || c == '"' || c == '\\' {
			fmt.Fprintf(out, "\\u%04x", c)
		} else {
			out.WriteRune(c)
		}
	}
	out.WriteByte('"')
}
