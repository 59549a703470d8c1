public class Codec {
    public string serialize(TreeNode root) {
        return root == null ? "#" : root.val + " " + serialize(root.left) + " " + serialize(root.right);
    }

    public TreeNode deserialize(string data) {
        return Read(new Queue<string>(data.Split(' ')));
    }

    private TreeNode Read(Queue<string> parts) {
        string part = parts.Dequeue();
        if (part == "#") return null;
        var node = new TreeNode(int.Parse(part));
        node.left = Read(parts);
        node.right = Read(parts);
        return node;
    }
}
