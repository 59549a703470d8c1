const judge_class = __CLASS__

// A name, the types of the parameters and that of the result; of a class first the
// constructor and then the methods.
var judge_calls = [][]string{__CALLS__}

// The functions for these; nil where the code has none.
var judge_targets []interface{}

func init() { judge_targets = []interface{}{__TARGETS__} }

// Whether what was returned is the answer or a part of it, and which arguments are.
const judge_returned = __RETURNED__

func judge_arguments() []int { return []int{__ARGUMENTS__} }

// What JSON cannot hold.
type judge_odd string

// Standard input, and the real standard output. This depends on no variable, so that it
// comes before all of the user's.
func judge_begin() ([]string, int) {
	all, _ := judge_io.ReadAll(judge_os.Stdin)
	// What the user prints goes to standard error. Standard input is at its end.
	out, _ := judge_syscall.Dup(1)
	judge_syscall.CloseOnExec(out)
	judge_syscall.Dup3(2, 1, 0)
	if empty, end, err := judge_os.Pipe(); err == nil {
		end.Close()
		judge_syscall.Dup3(int(empty.Fd()), 0, 0)
		empty.Close()
	}
	// An endless recursion ends before memory does.
	judge_debug.SetMaxStack(128 << 20)
	return judge_strings.Split(string(all), "\n"), out
}

func main() {
	for i, target := range judge_targets {
		call := judge_calls[i]
		count := len(call) - 2
		if target != nil && judge_type(i).NumIn() == judge_self(i)+count {
			continue
		}
		text := "The function `" + call[0] + "`"
		if judge_class {
			text = "The method `" + call[0] + "`"
			if i == 0 {
				text = "The function `Constructor`"
			}
		}
		if target != nil {
			text += " with " + judge_strconv.Itoa(count) + " parameter"
			if count != 1 {
				text += "s"
			}
		}
		if judge_class && i > 0 {
			text += " of the class `" + judge_calls[0][0] + "`"
		}
		text += " was not found in your code."
		if judge_class && i == 0 && target == nil {
			text = "The class `" + call[0] + "` was not found in your code. It takes a function `Constructor` that returns it."
		}
		judge_frame("load", judge_trouble("missing", text, -1))
		judge_os.Exit(1)
	}
	for _, line := range judge_lines[1:] {
		space := judge_strings.IndexByte(line, ' ')
		if space < 0 {
			continue
		}
		index, text := line[:space], line[space+1:]
		if judge_class {
			judge_all(index, text)
		} else {
			call := 0
			answer := ""
			judge_safe(&answer, -1, &call, func() { answer = "=" + judge_one(text) })
			judge_frame(index, answer)
		}
	}
	judge_os.Exit(0)
}

func judge_type(i int) judge_reflect.Type { return judge_reflect.TypeOf(judge_targets[i]) }

// A method has its object as its first parameter.
func judge_self(i int) int {
	if judge_class && i > 0 {
		return 1
	}
	return 0
}

func judge_frame(index string, text string) {
	all := []byte("\x1e" + judge_lines[0] + " " + index + " " + text + "\n")
	for len(all) > 0 {
		size, err := judge_syscall.Write(judge_out, all)
		if err == judge_syscall.EINTR {
			continue
		}
		if err != nil {
			judge_os.Exit(1)
		}
		all = all[size:]
	}
}

// Runs `run`; what it panics with becomes the answer.
func judge_safe(answer *string, first int, call *int, run func()) {
	defer func() {
		raised := recover()
		if raised == nil {
			return
		}
		at := first
		if first >= 0 {
			at = *call
		}
		if odd, is := raised.(judge_odd); is {
			*answer = "?" + judge_quote(string(odd))
			if at >= 0 {
				*answer = "?{\"text\":" + (*answer)[1:] + ",\"call\":" + judge_strconv.Itoa(at) + "}"
			}
			return
		}
		text := judge_cut(judge_said(raised), 1000)
		where := make([]uintptr, 100)
		frames := judge_runtime.CallersFrames(where[:judge_runtime.Callers(2, where)])
		shown := 0
		for {
			frame, more := frames.Next()
			file := frame.File[judge_strings.LastIndexByte(frame.File, '/')+1:]
			if file == "judge.go" && shown > 0 || !more || shown == 8 {
				break
			}
			if file == "main.go" {
				text += "\n    " + frame.Function + "(" + file + ":" + judge_strconv.Itoa(frame.Line) + ")"
				shown++
			}
		}
		*answer = judge_trouble("error", judge_cut(text, 1800), at)
	}()
	run()
}

func judge_said(raised interface{}) (text string) {
	defer func() {
		if recover() != nil {
			text = "panic"
		}
	}()
	if bad, is := raised.(judge_unfit); is {
		return string(bad)
	}
	return "panic: " + judge_fmt.Sprint(raised)
}

func judge_trouble(kind string, text string, call int) string {
	out := "!{\"kind\":\"" + kind + "\",\"text\":" + judge_quote(judge_strings.ToValidUTF8(text, "?"))
	if call >= 0 {
		out += ",\"call\":" + judge_strconv.Itoa(call)
	}
	return out + "}"
}

func judge_cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !judge_utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

func judge_invoke(i int, arguments []judge_reflect.Value) []judge_reflect.Value {
	return judge_reflect.ValueOf(judge_targets[i]).Call(arguments)
}

// The first result; an invalid value if there is none.
func judge_first(results []judge_reflect.Value) judge_reflect.Value {
	if len(results) == 0 {
		return judge_reflect.Value{}
	}
	return results[0]
}

func judge_one(text string) string {
	in := &judge_in{text: text}
	kinds := judge_calls[0]
	count := len(kinds) - 2
	arguments := make([]judge_reflect.Value, count)
	in.need('[')
	for i := range arguments {
		if i > 0 {
			in.need(',')
		}
		in.lists = append(in.lists, nil)
		arguments[i] = judge_reflect.New(judge_type(0).In(i)).Elem()
		in.get(arguments[i], kinds[i+1])
	}
	// Copies of the arguments' variables; what they point to is shared.
	var kept []judge_reflect.Value
	for _, at := range judge_arguments() {
		one := judge_reflect.New(arguments[at].Type()).Elem()
		one.Set(arguments[at])
		if list := in.lists[at]; len(list) > 0 {
			one.Set(list[0])
		}
		kept = append(kept, one)
	}
	value := judge_first(judge_invoke(0, arguments))
	out := &judge_show{}
	several := len(kept) > 1 || judge_returned && len(kept) > 0
	if several {
		out.text = append(out.text, '[')
	}
	if judge_returned {
		out.put(value, kinds[count+1], 0)
	}
	for i, at := range judge_arguments() {
		if i > 0 || judge_returned {
			out.text = append(out.text, ',')
		}
		out.put(kept[i], kinds[at+1], 1)
	}
	if several {
		out.text = append(out.text, ']')
	}
	return string(out.text)
}

// A case of a class: calls, each an array of the object, the method, references to
// earlier answers, and the arguments.
func judge_all(index string, text string) {
	objects := map[int]judge_reflect.Value{}
	var answers []string
	call := 0
	answer := ""
	judge_safe(&answer, 0, &call, func() {
		in := &judge_in{text: text}
		tell := false
		if len(judge_lines) == 2 || len(judge_lines) == 3 && judge_lines[2] == "" {
			all := (&judge_in{text: text}).any()
			tell = len(all.([]interface{})) <= 1000
		}
		in.need('[')
		for ; call == 0 || in.take(','); call++ {
			if tell {
				judge_frame(index, ">"+judge_strconv.Itoa(call))
			}
			in.need('[')
			object := in.int()
			in.need(',')
			method := in.int() + 1
			in.need(',')
			refs := in.any().([]interface{})
			kinds := judge_calls[method]
			self := judge_self(method)
			arguments := make([]judge_reflect.Value, self+len(kinds)-2)
			if self > 0 {
				arguments[0] = objects[object]
			}
			var lists [][]judge_reflect.Value
			for i := range kinds[2:] {
				in.need(',')
				from := in
				if len(refs) > 0 && refs[i].(int) >= 0 {
					in.any()
					from = &judge_in{text: answers[refs[i].(int)]}
				}
				from.lists = append(lists, nil)
				arguments[self+i] = judge_reflect.New(judge_type(method).In(self + i)).Elem()
				from.get(arguments[self+i], kinds[i+1])
				lists = from.lists
			}
			in.need(']')
			value := judge_first(judge_invoke(method, arguments))
			one := "null"
			if method == 0 {
				if value.Kind() == judge_reflect.Struct {
					pointer := judge_reflect.New(value.Type())
					pointer.Elem().Set(value)
					value = pointer
				}
				objects[object] = value
			} else if returns := kinds[len(kinds)-1]; returns != "n" {
				out := &judge_show{}
				out.put(value, returns, 0)
				one = string(out.text)
			}
			answers = append(answers, one)
		}
		answer = "=[" + judge_strings.Join(answers, ",") + "]"
	})
	judge_frame(index, answer)
}

