// The harness for Go 1.18 and later.
//
// The user's imports must stand before all declarations, and so the user's code comes
// first; a comment gives it its own line numbers. Behind its imports stand variables
// whose values are what was read from standard input before anything of the user's runs.
// The harness has its own names for the packages that it needs.
//
// Types are in prefix notation: i f s b n a, and l m k c t for list, map, linked list,
// linked nodes and tree of what follows. An argument is built for the type that the
// user's function declares, and a result is written from what it is.
/*line judge.go:1:1*/package main
import judge_fmt "fmt"
import judge_math "math"
import judge_os "os"
import judge_io "io"
import judge_reflect "reflect"
import judge_runtime "runtime"
import judge_debug "runtime/debug"
import judge_sort "sort"
import judge_strconv "strconv"
import judge_strings "strings"
import judge_syscall "syscall"
import judge_utf8 "unicode/utf8"
__GIVEN__
/*line main.go:1:1*/__CODE__
__LINE__
__NODES__
__USES__
