// The harness for Java 11 and later.
//
// The user's code stands first, so that its lines are the user's own. What must stand
// before it is on its first line, behind which /*judge_*/ ends it, and a class with
// `main` follows the user's imports: endpoints start the first class of the file, or the
// one named Main. Everything else is found by reflection, so that what the user's code
// has or has not is told by the harness and not by the compiler.
//
// Types are in prefix notation: i f s b n a, and l m k c t for list, map, linked list,
// linked nodes and tree of what follows. An argument is built for the type that the
// user's method declares, and a result is written from what it is.
__GIVEN__/*judge_*/__CODE__
