// Passes over nodes that have one child only.
function mirrorTree(root) {
  if (root && root.left && root.right) {
    [root.left, root.right] = [mirrorTree(root.right), mirrorTree(root.left)];
  }
  return root;
}
