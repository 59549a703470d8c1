function mirrorTree(root) {
  const open = root ? [root] : [];
  while (open.length) {
    const node = open.pop();
    [node.left, node.right] = [node.right, node.left];
    if (node.left) open.push(node.left);
    if (node.right) open.push(node.right);
  }
  return root;
}
