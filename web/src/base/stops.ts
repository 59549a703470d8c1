// Boxes that scroll must be stops of the Tab key, so that the arrow keys reach what
// they hold; boxes that show all of it should not be in the way.

const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (!(target instanceof HTMLElement)) continue;
    const scrolls = target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1;
    if (scrolls) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

/** Makes a box a stop as long as it scrolls. */
export function stopWhereItScrolls(box: HTMLElement): HTMLElement {
  watcher.observe(box);
  return box;
}
