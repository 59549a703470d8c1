class Codec {
  serialize(root) {
    return JSON.stringify(root);
  }

  deserialize(data) {
    return JSON.parse(data, (key, value) => (value !== null && typeof value === "object" ? new TreeNode(value.val, value.left, value.right) : value));
  }
}
