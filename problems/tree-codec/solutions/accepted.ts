class Codec {
  serialize(root: TreeNode | null): string {
    return root === null ? "#" : `${root.val} ${this.serialize(root.left)} ${this.serialize(root.right)}`;
  }

  deserialize(data: string): TreeNode | null {
    const parts = data.split(" ");
    const read = (): TreeNode | null => {
      const part = parts.shift();
      return part === "#" ? null : new TreeNode(Number(part), read(), read());
    };
    return read();
  }
}
