# Exchanges the children of the root only.
def mirror_tree(root):
    if root:
        root.left, root.right = root.right, root.left
    return root
