// The harness for C# 6 and later, with Mono's `mcs` or .NET.
//
// The user's `using` directives must stand before all declarations, and so the user's
// code comes first; #line gives it its own line numbers. Everything is found by
// reflection, so that what the user's code has or has not is told by the harness and not
// by the compiler.
//
// Types are in prefix notation: i f s b n a, and l m k c t for list, map, linked list,
// linked nodes and tree of what follows. An argument is built for the type that the
// user's method declares, and a result is written from what it is.
#pragma warning disable
__GIVEN__
#pragma warning restore
#line 1 "main.cs"
__CODE__
#line 1 "judge.cs"
#pragma warning disable
__NODES__
