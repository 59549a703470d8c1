class Codec:
    # In order alone: which is the child of which is lost.
    def serialize(self, root: Optional[TreeNode]) -> str:
        if root is None:
            return ""
        return f"{self.serialize(root.left)} {root.val} {self.serialize(root.right)}"

    def deserialize(self, data: str) -> Optional[TreeNode]:
        root = None
        for part in reversed(data.split()):
            root = TreeNode(int(part), None, root)
        return root
