// What is used of the library `diff`, in a chunk of its own.

export { diffArrays } from "diff";
