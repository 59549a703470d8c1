// Part 4: the user's code, by its own line numbers, under the name of a file that
// does not exist: of one that does, a compiler quotes the lines, and main.cpp is
// this one. compiler.rs says main.cpp instead, and so does assert. The line with a
// lone # ends a comment or a macro that the user's last line leaves open. What
// follows is made of words that a user's macro may have changed.
__CLASS__
__USING__
#define __FILE__ "main.cpp"
#define main judge_main
# 1 "solution.cpp"
__CODE__
#
# 1 "judge.cpp" 3
#undef main
#undef __FILE__
#undef auto
#undef bool
#undef char
#undef class
#undef const
#undef decltype
#undef double
#undef false
#undef int
#undef long
#undef map
#undef nullptr
#undef private
#undef public
#undef return
#undef signed
#undef static_assert
#undef std
#undef string
#undef struct
#undef template
#undef true
#undef type
#undef typename
#undef using
#undef value
#undef vector
__TARGET__
