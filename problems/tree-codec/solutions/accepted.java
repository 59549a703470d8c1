public class Codec {
    public String serialize(TreeNode root) {
        return root == null ? "#" : root.val + " " + serialize(root.left) + " " + serialize(root.right);
    }

    public TreeNode deserialize(String data) {
        return read(new Scanner(data));
    }

    private TreeNode read(Scanner in) {
        String part = in.next();
        if (part.equals("#")) return null;
        TreeNode node = new TreeNode(Integer.parseInt(part));
        node.left = read(in);
        node.right = read(in);
        return node;
    }
}
