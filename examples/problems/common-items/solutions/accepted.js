function commonItems(left, right) {
  return [...new Set(left)].filter((number) => right.includes(number));
}
