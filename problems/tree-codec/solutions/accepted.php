class Codec {
    function serialize($root) {
        return $root === null ? '#' : $root->val . ' ' . $this->serialize($root->left) . ' ' . $this->serialize($root->right);
    }

    function deserialize($data) {
        $parts = explode(' ', $data);
        return $this->read($parts);
    }

    private function read(&$parts) {
        $part = array_shift($parts);
        if ($part === '#') return null;
        $node = new TreeNode((int) $part);
        $node->left = $this->read($parts);
        $node->right = $this->read($parts);
        return $node;
    }
}
