// Results to JSON.
type judge_show struct {
	text  []byte
	trail []judge_place
}

// A slice or a map that holds what is written.
type judge_place struct {
	at   uintptr
	size int
}

func (out *judge_show) put(value judge_reflect.Value, kind string, depth int) {
	letter := kind[0]
	for value.IsValid() && (value.Kind() == judge_reflect.Interface || value.Kind() == judge_reflect.Ptr && letter != 'k' && letter != 'c' && letter != 't' && value.Type().Elem().Kind() != judge_reflect.Struct) {
		value = value.Elem()
	}
	if letter == 'k' || letter == 'c' || letter == 't' {
		out.nodes(value, kind)
		return
	}
	if !value.IsValid() {
		if letter != 'n' && letter != 'a' && depth == 0 {
			panic(judge_odd("nothing: the function returned no value, and printing one does not return it"))
		}
		out.text = append(out.text, "null"...)
		return
	}
	of := "a"
	if letter == 'l' || letter == 'm' {
		of = kind[1:]
	}
	switch value.Kind() {
	case judge_reflect.Bool:
		out.text = judge_strconv.AppendBool(out.text, value.Bool())
	case judge_reflect.Int, judge_reflect.Int64, judge_reflect.Int32, judge_reflect.Int16, judge_reflect.Int8:
		if letter == 's' && value.Kind() == judge_reflect.Int32 {
			out.string(string(rune(value.Int())))
			return
		}
		out.text = judge_strconv.AppendInt(out.text, value.Int(), 10)
	case judge_reflect.Uint8, judge_reflect.Uint16, judge_reflect.Uint32, judge_reflect.Uint64, judge_reflect.Uint:
		if letter == 's' && value.Kind() == judge_reflect.Uint8 {
			out.string(string([]byte{byte(value.Uint())}))
			return
		}
		if value.Uint() > judge_math.MaxInt64 {
			panic(judge_odd("a whole number beyond 64 bits"))
		}
		out.text = judge_strconv.AppendUint(out.text, value.Uint(), 10)
	case judge_reflect.Float64, judge_reflect.Float32:
		number := value.Float()
		text := judge_strconv.FormatFloat(number, 'g', -1, value.Type().Bits())
		if judge_math.IsNaN(number) || judge_math.IsInf(number, 0) {
			text = judge_strings.TrimPrefix(text, "+")
			if judge_math.IsInf(number, 0) {
				text += "inity"
			}
			if letter != 'f' {
				panic(judge_odd(text))
			}
		} else if !judge_strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		out.text = append(out.text, text...)
	case judge_reflect.String:
		out.string(value.String())
	case judge_reflect.Slice, judge_reflect.Array:
		if letter == 's' && value.Kind() == judge_reflect.Slice && value.Type().Elem().Kind() == judge_reflect.Uint8 {
			out.string(string(value.Bytes()))
			return
		}
		if value.Kind() == judge_reflect.Slice {
			out.enter(judge_place{value.Pointer(), value.Len()})
			defer out.leave()
		}
		out.text = append(out.text, '[')
		for i := 0; i < value.Len(); i++ {
			if i > 0 {
				out.text = append(out.text, ',')
			}
			out.put(value.Index(i), of, 1)
		}
		out.text = append(out.text, ']')
	case judge_reflect.Map:
		if value.Type().Key().Kind() != judge_reflect.String {
			panic(judge_odd("a key of type " + value.Type().Key().String()))
		}
		out.enter(judge_place{value.Pointer(), -1})
		defer out.leave()
		// A map of Go has no order.
		keys := value.MapKeys()
		judge_sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		out.text = append(out.text, '{')
		for i, key := range keys {
			if i > 0 {
				out.text = append(out.text, ',')
			}
			out.string(key.String())
			out.text = append(out.text, ':')
			out.put(value.MapIndex(key), of, 1)
		}
		out.text = append(out.text, '}')
	default:
		panic(judge_odd("a value of type " + value.Type().String()))
	}
}

func (out *judge_show) enter(place judge_place) {
	for _, one := range out.trail {
		if one == place && place.size != 0 {
			panic(judge_odd("a cycle"))
		}
	}
	out.trail = append(out.trail, place)
	if len(out.trail) > 64 {
		panic(judge_odd("nested deeper than 64"))
	}
}

func (out *judge_show) leave() { out.trail = out.trail[:len(out.trail)-1] }

func (out *judge_show) string(text string) {
	if !judge_utf8.ValidString(text) {
		panic(judge_odd("a string that is not UTF-8"))
	}
	out.text = append(out.text, judge_quote(text)...)
}

func judge_quote(text string) string {
	out := make([]byte, 0, len(text)+2)
	out = append(out, '"')
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '"' || c == '\\' {
			out = append(out, '\\')
		}
		if c < 32 {
			out = append(out, judge_fmt.Sprintf("\\u%04x", c)...)
		} else {
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}

// Linked nodes to an array. A tree is read in level order.
func (out *judge_show) nodes(head judge_reflect.Value, kind string) {
	if !head.IsValid() {
		out.text = append(out.text, "[]"...)
		return
	}
	if head.Kind() != judge_reflect.Ptr {
		panic(judge_odd("a value of type " + head.Type().String()))
	}
	tree := kind[0] == 't'
	seen := map[uintptr]int{}
	row := []judge_reflect.Value{head}
	absent, cycle := 0, -1
	from := len(out.text)
	out.text = append(out.text, '[')
	for i := 0; i < len(row); i++ {
		node := row[i]
		if node.IsNil() {
			absent++
			continue
		}
		if place, is := seen[node.Pointer()]; is {
			if kind[0] != 'c' {
				panic(judge_odd("a cycle"))
			}
			cycle = place
			break
		}
		seen[node.Pointer()] = len(seen)
		value := judge_field(node, "Val")
		for ; absent > 0; absent-- {
			out.text = append(out.text, ",null"...)
		}
		if i > 0 {
			out.text = append(out.text, ',')
		}
		out.put(value, kind[1:], 1)
		if tree {
			row = append(row, judge_field(node, "Left"), judge_field(node, "Right"))
		} else {
			row = append(row, judge_field(node, "Next"))
		}
	}
	out.text = append(out.text, ']')
	if cycle >= 0 {
		values := string(out.text[from:])
		out.text = append(out.text[:from], "{\"values\":"+values+",\"cycle\":"+judge_strconv.Itoa(cycle)+"}"...)
	}
}

