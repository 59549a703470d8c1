// JSON to arguments.
type judge_unfit string

type judge_in struct {
	text string
	at   int
	// The nodes of each argument that is a list with a cycle or with joins.
	lists [][]judge_reflect.Value
}

func (in *judge_in) peek() byte {
	for in.at < len(in.text) && in.text[in.at] == ' ' {
		in.at++
	}
	if in.at == len(in.text) {
		return 0
	}
	return in.text[in.at]
}

func (in *judge_in) take(c byte) bool {
	if in.peek() != c {
		return false
	}
	in.at++
	return true
}

func (in *judge_in) unfit() {
	panic(judge_unfit("an argument does not fit its parameter, at " + judge_cut(in.text[in.at:], 40)))
}

func (in *judge_in) need(c byte) {
	if !in.take(c) {
		in.unfit()
	}
}

func (in *judge_in) word(word string) bool {
	in.peek()
	if !judge_strings.HasPrefix(in.text[in.at:], word) {
		return false
	}
	in.at += len(word)
	return true
}

func (in *judge_in) number() string {
	in.peek()
	from := in.at
	for in.at < len(in.text) && judge_strings.IndexByte("+-.eE0123456789", in.text[in.at]) >= 0 {
		in.at++
	}
	return in.text[from:in.at]
}

func (in *judge_in) int() int {
	number, err := judge_strconv.Atoi(in.number())
	if err != nil {
		in.unfit()
	}
	return number
}

// Each element of an array or member of an object.
func (in *judge_in) each(open byte, close byte, item func()) {
	in.need(open)
	if in.take(close) {
		return
	}
	item()
	for in.take(',') {
		item()
	}
	in.need(close)
}

// A value of any type: int, float64, string, bool, nil, []interface{} or
// map[string]interface{}.
func (in *judge_in) any() interface{} {
	switch c := in.peek(); c {
	case '[':
		list := []interface{}{}
		in.each('[', ']', func() { list = append(list, in.any()) })
		return list
	case '{':
		object := map[string]interface{}{}
		in.each('{', '}', func() {
			key := in.string()
			in.need(':')
			object[key] = in.any()
		})
		return object
	case '"':
		return in.string()
	}
	if in.word("null") {
		return nil
	}
	if in.word("true") {
		return true
	}
	if in.word("false") {
		return false
	}
	number := in.number()
	if whole, err := judge_strconv.Atoi(number); err == nil {
		return whole
	}
	if whole, err := judge_strconv.ParseUint(number, 10, 64); err == nil {
		return whole
	}
	float, _ := judge_strconv.ParseFloat(number, 64)
	return float
}

func (in *judge_in) string() string {
	in.need('"')
	from := in.at
	for in.text[in.at] != '"' && in.text[in.at] != '\\' {
		in.at++
	}
	if in.text[in.at] == '"' {
		in.at++
		return in.text[from : in.at-1]
	}
	out := []byte(in.text[from:in.at])
	for in.text[in.at] != '"' {
		c := in.text[in.at]
		in.at++
		if c != '\\' {
			out = append(out, c)
			continue
		}
		c = in.text[in.at]
		in.at++
		if c == 'u' {
			code := in.hex()
			if code >= 0xd800 && code < 0xdc00 && in.word("\\u") {
				code = 0x10000 + (code&1023)<<10 + in.hex()&1023
			}
			out = append(out, string(rune(code))...)
		} else if named := judge_strings.IndexByte("bfnrt", c); named >= 0 {
			out = append(out, "\b\f\n\r\t"[named])
		} else {
			out = append(out, c)
		}
	}
	in.at++
	return string(out)
}

func (in *judge_in) hex() int {
	code, _ := judge_strconv.ParseUint(in.text[in.at:in.at+4], 16, 32)
	in.at += 4
	return int(code)
}

func (in *judge_in) get(to judge_reflect.Value, kind string) {
	c := in.peek()
	letter, of := kind[0], kind[1:]
	if to.Kind() == judge_reflect.Interface {
		if to.NumMethod() > 0 {
			in.unfit()
		}
		if letter == 'f' {
			number, _ := judge_strconv.ParseFloat(in.number(), 64)
			to.Set(judge_reflect.ValueOf(number))
		} else if value := in.any(); value != nil {
			to.Set(judge_reflect.ValueOf(value))
		}
		return
	}
	if letter == 'a' || letter == 'n' {
		if in.word("null") {
			return
		}
		letter, of = map[byte]byte{'[': 'l', '{': 'm', '"': 's', 't': 'b', 'f': 'b'}[c], "a"
	}
	if letter == 'k' || letter == 'c' || letter == 't' {
		if to.Kind() != judge_reflect.Ptr || to.Type().Elem().Kind() != judge_reflect.Struct {
			in.unfit()
		}
		if letter == 't' {
			in.tree(to, of)
		} else {
			in.linked(to, of)
		}
		return
	}
	switch to.Kind() {
	case judge_reflect.Ptr:
		to.Set(judge_reflect.New(to.Type().Elem()))
		in.get(to.Elem(), kind)
		return
	case judge_reflect.Slice:
		if letter == 's' && to.Type().Elem().Kind() == judge_reflect.Uint8 {
			to.SetBytes([]byte(in.string()))
			return
		}
		if letter != 'l' {
			break
		}
		list := judge_reflect.MakeSlice(to.Type(), 0, 0)
		size := 0
		in.each('[', ']', func() {
			if size == list.Cap() {
				more := judge_reflect.MakeSlice(to.Type(), 2*size+8, 2*size+8)
				judge_reflect.Copy(more, list)
				list = more
			}
			list = list.Slice(0, list.Cap())
			in.get(list.Index(size), of)
			size++
		})
		to.Set(list.Slice3(0, size, size))
		return
	case judge_reflect.Map:
		if letter != 'm' || to.Type().Key().Kind() != judge_reflect.String {
			break
		}
		to.Set(judge_reflect.MakeMap(to.Type()))
		in.each('{', '}', func() {
			key := judge_reflect.ValueOf(in.string()).Convert(to.Type().Key())
			in.need(':')
			value := judge_reflect.New(to.Type().Elem()).Elem()
			in.get(value, of)
			to.SetMapIndex(key, value)
		})
		return
	case judge_reflect.String:
		if letter != 's' {
			break
		}
		to.SetString(in.string())
		return
	case judge_reflect.Bool:
		yes := in.word("true")
		if letter != 'b' || !yes && !in.word("false") {
			break
		}
		to.SetBool(yes)
		return
	case judge_reflect.Float64, judge_reflect.Float32:
		number, err := judge_strconv.ParseFloat(in.number(), 64)
		if err != nil {
			break
		}
		to.SetFloat(number)
		return
	case judge_reflect.Int, judge_reflect.Int64, judge_reflect.Int32, judge_reflect.Int16, judge_reflect.Int8, judge_reflect.Uint8, judge_reflect.Uint16, judge_reflect.Uint32, judge_reflect.Uint64, judge_reflect.Uint:
		from := in.at
		signed := to.Kind() <= judge_reflect.Int64
		var number int64
		if letter == 's' {
			// One letter.
			text := in.string()
			code, size := judge_utf8.DecodeRuneInString(text)
			if size == 0 || size != len(text) {
				in.at = from
				break
			}
			number = int64(code)
		} else {
			var err error
			number, err = judge_strconv.ParseInt(in.number(), 10, 64)
			if err != nil {
				in.at = from
				break
			}
		}
		if signed && !to.OverflowInt(number) {
			to.SetInt(number)
			return
		}
		if !signed && number >= 0 && !to.OverflowUint(uint64(number)) {
			to.SetUint(uint64(number))
			return
		}
		in.at = from
	}
	in.unfit()
}

// A field of the node that a pointer points to.
func judge_field(node judge_reflect.Value, name string) judge_reflect.Value {
	if node.Kind() == judge_reflect.Ptr && node.Type().Elem().Kind() == judge_reflect.Struct {
		if field := node.Elem().FieldByName(name); field.IsValid() {
			return field
		}
	}
	panic(judge_odd("a value of type " + node.Type().String()))
}

// A list, which may have a cycle, or end in a list of an earlier argument.
func (in *judge_in) linked(to judge_reflect.Value, kind string) {
	node, cycle := 0, -1
	var nodes []judge_reflect.Value
	var joins []interface{}
	values := func() {
		in.each('[', ']', func() {
			one := judge_reflect.New(to.Type().Elem())
			in.get(judge_field(one, "Val"), kind)
			if len(nodes) > 0 {
				judge_field(nodes[len(nodes)-1], "Next").Set(one)
			}
			nodes = append(nodes, one)
		})
	}
	if in.peek() == '[' {
		values()
	} else {
		in.each('{', '}', func() {
			name := in.string()
			in.need(':')
			switch name {
			case "values":
				values()
			case "joins":
				joins = in.any().([]interface{})
			case "cycle":
				cycle = in.int()
			default:
				node = in.int()
			}
		})
	}
	var target judge_reflect.Value
	if cycle >= 0 {
		target = nodes[cycle]
	}
	if len(joins) == 2 {
		target = in.lists[joins[0].(int)][joins[1].(int)]
	}
	if target.IsValid() && len(nodes) > 0 {
		judge_field(nodes[len(nodes)-1], "Next").Set(target)
	} else if target.IsValid() {
		nodes = append(nodes, target)
	}
	if len(nodes) > 0 {
		to.Set(nodes[node])
	}
	if len(in.lists) > 0 {
		in.lists[len(in.lists)-1] = nodes
	}
}

// A tree in level order: the next two values are the children of the next node.
func (in *judge_in) tree(to judge_reflect.Value, kind string) {
	var nodes []judge_reflect.Value
	place := -1
	in.each('[', ']', func() {
		node := judge_reflect.Zero(to.Type())
		if !in.word("null") {
			node = judge_reflect.New(to.Type().Elem())
			in.get(judge_field(node, "Val"), kind)
			nodes = append(nodes, node)
		}
		if place >= 0 {
			judge_field(nodes[place/2], [2]string{"Left", "Right"}[place%2]).Set(node)
		}
		place++
	})
	if len(nodes) > 0 {
		to.Set(nodes[0])
	}
}

