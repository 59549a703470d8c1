class Codec {
public:
    string serialize(TreeNode* root) {
        return root ? to_string(root->val) + " " + serialize(root->left) + " " + serialize(root->right) : "#";
    }

    TreeNode* deserialize(string data) {
        istringstream in(data);
        return read(in);
    }

private:
    TreeNode* read(istringstream& in) {
        string part;
        in >> part;
        if (part == "#") return nullptr;
        TreeNode* node = new TreeNode(stoi(part));
        node->left = read(in);
        node->right = read(in);
        return node;
    }
};
