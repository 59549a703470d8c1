class Codec:
    def serialize(self, root: Optional[TreeNode]) -> str:
        if root is None:
            return "#"
        return f"{root.val} {self.serialize(root.left)} {self.serialize(root.right)}"

    def deserialize(self, data: str) -> Optional[TreeNode]:
        parts = iter(data.split())

        def read():
            part = next(parts)
            return None if part == "#" else TreeNode(int(part), read(), read())

        return read()
